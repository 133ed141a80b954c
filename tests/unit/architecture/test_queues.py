"""A queue gives its sender enough time to work, and a dependency enough time to recover."""

import re
from typing import Any

import pytest

from local.doctor.queues import LEAST_HIDDEN_SECONDS
from tests.support.template import default, template

RESOURCES: dict[str, Any] = template()["Resources"]
SENDER = RESOURCES["EmailSenderFunction"]["Properties"]
LANES = {
    event["Properties"]["Queue"]["Fn::GetAtt"][0]: event["Properties"]
    for event in SENDER["Events"].values()
}
AN_HOUR = 3600
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, "new accounts"
A_NEW_ACCOUNT_RUNS = 10
LEAST_OF_A_MAPPING = 2


@pytest.mark.parametrize("name", LANES)
def test_the_visibility_timeout_covers_six_tries_and_the_batching_window(
    name: str,
) -> None:
    window = LANES[name].get("MaximumBatchingWindowInSeconds", 0)
    hidden = RESOURCES[name]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * SENDER["Timeout"] + window


def test_the_doctor_checks_each_queue_that_a_function_consumes() -> None:
    hidden = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper() + "_URL": each["Properties"]
        for name, each in RESOURCES.items()
        if "RedrivePolicy" in each.get("Properties", {})
    }
    assert {name: each["VisibilityTimeout"] for name, each in hidden.items()} == (
        LEAST_HIDDEN_SECONDS
    )


@pytest.mark.parametrize("name", LANES)
def test_an_hour_without_the_database_makes_no_dead_letter(name: str) -> None:
    queue = RESOURCES[name]["Properties"]
    tries = queue["RedrivePolicy"]["maxReceiveCount"]
    assert (tries - 1) * queue["VisibilityTimeout"] >= AN_HOUR


def test_senders_leave_half_of_a_new_accounts_concurrency_to_requests() -> None:
    senders = [lane["ScalingConfig"]["MaximumConcurrency"] for lane in LANES.values()]
    assert sum(default(each) for each in senders) <= A_NEW_ACCOUNT_RUNS / 2


@pytest.mark.parametrize("name", LANES)
def test_a_lane_has_at_least_the_minimum_concurrency_of_lambda(name: str) -> None:
    parameter = LANES[name]["ScalingConfig"]["MaximumConcurrency"]["Ref"]
    assert template()["Parameters"][parameter]["MinValue"] == LEAST_OF_A_MAPPING


def test_a_photo_is_hidden_for_six_tries_of_its_worker() -> None:
    worker = RESOURCES["PhotoProcessorFunction"]["Properties"]
    mapping = worker["Events"]["Upload"]["Properties"]
    hidden = RESOURCES["PhotoQueue"]["Properties"]["VisibilityTimeout"]
    assert mapping["Queue"] == {"Fn::GetAtt": ["PhotoQueue", "Arn"]}
    assert hidden >= 6 * worker["Timeout"]


def test_workers_leave_a_new_account_some_concurrency_for_requests() -> None:
    photos = RESOURCES["PhotoProcessorFunction"]["Properties"]["Events"]["Upload"]["Properties"]
    mappings = [photos, *LANES.values()]
    taken = sum(default(each["ScalingConfig"]["MaximumConcurrency"]) for each in mappings)
    assert taken <= A_NEW_ACCOUNT_RUNS - 3


RESERVED = {
    name: each["Properties"]["ReservedConcurrentExecutions"]["Fn::If"]
    for name, each in RESOURCES.items()
    if "ReservedConcurrentExecutions" in each.get("Properties", {})
}


def test_concurrency_is_reserved_only_on_request() -> None:
    assert set(RESERVED) == {
        "EmailSenderFunction",
        "HealthFunction",
        "SessionRemindersFunction",
    }
    assert {(condition, otherwise["Ref"]) for condition, _, otherwise in RESERVED.values()} == {
        ("HasReservedConcurrency", "AWS::NoValue")
    }
    assert template()["Parameters"]["ReserveConcurrency"]["Default"] == "false"


def test_the_reserved_concurrency_of_the_sender_covers_its_lanes() -> None:
    names = [lane["ScalingConfig"]["MaximumConcurrency"]["Ref"] for lane in LANES.values()]
    most = sum(template()["Parameters"][name]["MaxValue"] for name in names)
    assert RESERVED["EmailSenderFunction"][1] >= most
