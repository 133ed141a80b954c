"""The WebSocket API logs no ticket, token or message, and only some functions post."""

import re

import pytest

from tests.support.template import functions, template, variables

API = template()["Resources"]["RealtimeApi"]["Properties"]
# All else, such as the URL, the headers and the authorizer, must not be logged.
LOGGED = {
    *("requestId", "routeKey", "eventType", "connectionId", "status"),
    *("integrationLatency", "integrationErrorMessage"),
}


def test_the_access_log_has_no_url_and_no_authorizer() -> None:
    assert (
        set(re.findall(r"\$context\.(\w+(?:\.\w+)?)", API["AccessLogSettings"]["Format"])) == LOGGED
    )


def test_execution_logs_which_show_whole_events_are_off() -> None:
    settings = API["DefaultRouteSettings"]
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)


def test_frames_and_connections_are_throttled() -> None:
    assert API["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "FrameRate"}
    assert API["DefaultRouteSettings"]["ThrottlingBurstLimit"] <= 500


def test_a_connection_needs_a_ticket_and_no_answer_about_one_is_cached() -> None:
    auth = API["Auth"]
    assert auth["AuthType"] == "CUSTOM"
    assert auth["IdentitySource"] == ["route.request.querystring.ticket"]
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-authorizer.html
    assert "AuthorizerResultTtlInSeconds" not in str(auth)


def test_the_function_that_issues_tickets_reaches_no_database() -> None:
    assert not {"BACKEND_KEY", "SUPABASE_SECRET_KEY"} & set(variables("realtime_ticket"))
    assert "Policies" not in functions()["realtime_ticket"]


@pytest.mark.parametrize("folder", sorted(functions()))
def test_a_function_posts_frames_only_if_it_knows_where(folder: str) -> None:
    posts = "execute-api:ManageConnections" in str(functions()[folder].get("Policies"))
    assert posts == ("REALTIME_ENDPOINT" in variables(folder))
