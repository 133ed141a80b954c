"""A queue gives its sender time to work, and a dependency time to come back."""

from typing import Any

import pytest

from local.doctor.services import LEAST_VISIBILITY_SECONDS
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
def test_a_message_stays_hidden_for_six_tries_and_the_window_in_which_they_gather(
    name: str,
) -> None:
    window = LANES[name].get("MaximumBatchingWindowInSeconds", 0)
    hidden = RESOURCES[name]["Properties"]["VisibilityTimeout"]
    assert hidden >= 6 * SENDER["Timeout"] + window
    assert hidden == LEAST_VISIBILITY_SECONDS


@pytest.mark.parametrize("name", LANES)
def test_an_hour_without_the_database_buries_no_message(name: str) -> None:
    queue = RESOURCES[name]["Properties"]
    tries = queue["RedrivePolicy"]["maxReceiveCount"]
    assert (tries - 1) * queue["VisibilityTimeout"] >= AN_HOUR


def test_senders_leave_half_of_a_new_accounts_concurrency_to_requests() -> None:
    senders = [lane["ScalingConfig"]["MaximumConcurrency"] for lane in LANES.values()]
    assert sum(default(each) for each in senders) <= A_NEW_ACCOUNT_RUNS / 2


@pytest.mark.parametrize("name", LANES)
def test_a_lane_can_be_given_no_fewer_senders_than_lambda_takes(name: str) -> None:
    parameter = LANES[name]["ScalingConfig"]["MaximumConcurrency"]["Ref"]
    assert template()["Parameters"][parameter]["MinValue"] == LEAST_OF_A_MAPPING
