"""The 15-minute schedule queues users whose lists are stale."""

import json
from collections.abc import Callable

from tests.support.accounts import waiting_requests
from tests.support.discovery import Town
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles

Load = Callable[..., Function]


def test_users_with_stale_lists_are_queued_once(
    function: Load, people: People, stack: dict[str, str]
) -> None:
    town = Town(Profiles(function("profile"), people), function("discovery"), 0)
    town.page()
    town.leave()

    with waiting_requests(stack) as queue:
        app = function("recommendations_refresh", RECOMMENDATIONS_QUEUE_URL=queue.url)
        queued = [app.invoke(app.event("every_quarter"))["queued"] for _ in range(2)]
        messages = [json.loads(body)["user_ids"] for body in queue.take()]

    assert queued[0] >= 1
    assert queued[1] == 0
    assert sum(ids.count(str(town.maya.id)) for ids in messages) == 1
