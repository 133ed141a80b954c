"""The queue worker puts lists into Redis before their users ask for them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.discovery import Town, ids
from tests.support.functions import Function
from tests.support.people import People
from tests.support.profiles import Profiles
from wingman.discovery import keys, lists

Load = Callable[..., Function]


@pytest.fixture
def town(function: Load, people: People) -> Town:
    town = Town(Profiles(function("profile"), people), function("discovery"), 2)
    town.page()
    town.leave()
    return town


def work(app: Function, *bodies: object) -> Any:
    event = app.event("users")
    [record] = event["Records"]
    event["Records"] = [
        record | {"messageId": str(number), "body": json.dumps(body)}
        for number, body in enumerate(bodies)
    ]
    return app.invoke(event, milliseconds=30_000)


def test_the_next_page_of_a_refreshed_list_is_a_hit(function: Load, town: Town) -> None:
    town.another()
    lists.cache().drop([keys.key(town.maya.id)])

    done = work(function("recommendations_worker"), {"user_ids": [str(town.maya.id)]})

    assert done == {"batchItemFailures": []}
    shown, _, cache = town.page(limit=3)
    assert (cache, sorted(shown)) == ("hit", ids(town.others))


def test_a_message_that_is_delivered_twice_makes_one_list(function: Load, town: Town) -> None:
    app, message = function("recommendations_worker"), {"user_ids": [str(town.maya.id)]}
    work(app, message)
    first = town.page(limit=1)[1]["next_cursor"]

    work(app, message)

    assert town.page(limit=1)[1]["next_cursor"] == first


@pytest.mark.parametrize("body", [{}, {"user_ids": []}, {"user_ids": ["x"]}, "x"])
def test_only_a_malformed_message_goes_back_to_the_queue(
    function: Load, town: Town, body: object
) -> None:
    good = {"user_ids": [str(town.maya.id)]}

    done = work(function("recommendations_worker"), body, good)

    assert done == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_without_the_database_all_messages_go_back(function: Load, town: Town) -> None:
    app = function("recommendations_worker", SUPABASE_URL="http://127.0.0.1:9")
    message = {"user_ids": [str(town.maya.id)]}

    done = work(app, message, message)

    assert [each["itemIdentifier"] for each in done["batchItemFailures"]] == ["0", "1"]
