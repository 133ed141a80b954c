"""From the schedule to the list, through the deployed queue and worker."""

from collections.abc import Callable

from local.processes import wait_until
from tests.support.api import Api
from tests.support.discovery import Town, ids
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles
from wingman.discovery.keys import key
from wingman.kit.clients.redis import redis

PATIENCE_SECONDS = 60


def test_the_list_of_an_absent_user_is_made_before_they_come_back(
    function: Callable[..., Function], api: Api, people: People
) -> None:
    town = Town(Profiles(function("profile"), people), function("discovery"), 2)
    town.page()
    town.another()
    town.leave()
    list_key = key(town.maya.id)
    redis().run("DEL", list_key)

    refresh = function("recommendations_refresh")
    assert refresh.invoke(refresh.event("every_quarter"))["queued"] >= 1

    assert wait_until(lambda: redis().run("EXISTS", list_key) == 1, PATIENCE_SECONDS)
    answer = api.call("GET", "/api/discovery", town.maya)
    assert answer.headers["x-cache"] == "hit"
    shown = [each["user_id"] for each in answer.json()["profiles"]]
    assert sorted(shown) == ids(town.others)
