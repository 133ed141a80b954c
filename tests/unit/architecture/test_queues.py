"""A queue gives its sender time to work, and a dependency time to come back."""

from typing import Any

import pytest

from local.doctor.services import LEAST_VISIBILITY_SECONDS
from tests.support.template import template

RESOURCES: dict[str, Any] = template()["Resources"]
SENDER = RESOURCES["EmailSenderFunction"]["Properties"]
LANES = {
    event["Properties"]["Queue"]["Fn::GetAtt"].split(".")[0]: event["Properties"]
    for event in SENDER["Events"].values()
}
AN_HOUR = 3600


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
