"""The OpenAPI document: derived from the code, and complete for generators of clients."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.contract import DOCUMENT, resolved

Json = Mapping[str, Any]

PUBLIC = {
    "list_challenges", "ask_to_unsubscribe", "unsubscribe", "get_features", "show_docs",
    "open_session_calendar", "show_preference_page", "save_preference_page", "get_health",
    "get_openapi", "show_feedback_page", "save_feedback_page", "open_account", "log_in",
    "refresh_session", "request_password_reset", "show_confirmation_page", "confirm_email",
    "show_reset_page", "reset_password",
}  # fmt: skip
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}
COMMON = {"unauthenticated", "token_expired", "rate_limited", "internal_error",
          "dependency_unavailable"}  # fmt: skip
BODY = {"malformed_json", "payload_too_large", "invalid_request"}


def codes(operation_id: str) -> set[str]:
    """Collect the codes that an operation lists."""
    responses = OPERATIONS[operation_id]["responses"].values()
    contents = [resolved(each).get("content", {}) for each in responses]
    schemas = [each["application/problem+json"]["schema"] for each in contents
               if "application/problem+json" in each]  # fmt: skip
    return {code for each in schemas for code in _enum(resolved(each))}


def _enum(schema: Json) -> list[str]:
    found: list[str] = schema["properties"]["code"]["enum"]
    return found


@pytest.mark.parametrize(
    ("operation_id", "own", "foreign"),
    [
        (
            "request_match",
            BODY
            | {"not_found", "match_already_open", "recently_declined", "idempotency_key_reused"}
            | {"daily_match_limit"},
            {"forbidden", "match_expired"},
        ),
        ("list_matches", {"invalid_request"}, {"not_found", "malformed_json"}),
        ("get_match", {"not_found", "invalid_request"}, {"match_expired"}),
        (
            "respond_to_match",
            BODY
            | {"not_found", "initiator_cannot_respond", "match_already_answered", "match_expired"},
            {"only_initiator_can_withdraw", "idempotency_key_reused"},
        ),
        (
            "withdraw_match",
            {"not_found", "only_initiator_can_withdraw", "match_already_answered"},
            {"initiator_cannot_respond", "malformed_json"},
        ),
        (
            "create_session",
            BODY
            | {"not_found", "match_not_accepted", "session_already_open", "idempotency_key_reused"},
            {"session_not_open", "match_already_open"},
        ),
        ("update_session", BODY | {"not_found", "session_not_open"}, {"session_already_open"}),
        (
            "confirm_session",
            {"not_found", "session_not_open", "session_not_started", "invalid_request"},
            {"no_show_too_early", "malformed_json"},
        ),
        (
            "report_no_show",
            {"not_found", "session_not_open", "no_show_too_early", "no_show_too_late"}
            | {"session_already_answered"},
            {"session_not_started"},
        ),
        ("get_reputation", {"not_found", "invalid_request"}, {"forbidden"}),
        ("change_email_preferences", BODY | {"forbidden"}, {"invalid_token"}),
        ("get_tips", BODY | {"not_found", "daily_tips_limit"}, {"daily_match_limit"}),
    ],
)
def test_an_operation_lists_the_codes_that_its_code_can_raise(
    operation_id: str, own: set[str], foreign: set[str]
) -> None:
    assert codes(operation_id) >= COMMON | own
    assert codes(operation_id).isdisjoint(foreign)


def test_a_code_that_is_caught_on_the_way_is_not_listed() -> None:
    assert "not_found" not in codes("unsubscribe")  # the account may be deleted
    assert "not_found" in codes("show_preference_page")


def test_an_operation_without_a_token_lists_no_401() -> None:
    without = {name for name, each in OPERATIONS.items() if "401" not in each["responses"]}
    assert without == PUBLIC - {"log_in", "refresh_session"} | {"receive_email_event"}


def test_an_operation_is_named_by_a_verb_in_snake_case() -> None:
    assert len(OPERATIONS) == sum(map(len, DOCUMENT["paths"].values()))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+|unmatch|unsubscribe", name) for name in OPERATIONS)


def test_only_public_operations_need_no_security() -> None:
    security = {name: each["security"] for name, each in OPERATIONS.items()}
    assert {name for name, each in security.items() if not each} == PUBLIC
    assert security["receive_email_event"] == [{"SvixSignature": []}]
    assert security["send_account_email"] == [{"StandardWebhooksSignature": []}]
    others = security.keys() - PUBLIC - {"receive_email_event", "send_account_email"}
    assert all(security[name] == [{"AccessToken": []}] for name in others)


@pytest.mark.parametrize(
    ("name", "family"), [("receive_email_event", "svix"), ("send_account_email", "webhook")]
)
def test_a_webhook_describes_its_headers(name: str, family: str) -> None:
    named = {each["name"] for each in OPERATIONS[name]["parameters"] if each["required"]}
    assert named == {f"{family}-id", f"{family}-timestamp"}


def test_the_webhook_describes_its_body() -> None:
    webhook = OPERATIONS["receive_email_event"]
    schema = resolved(webhook["requestBody"]["content"]["application/json"]["schema"])
    assert schema["required"] == ["type", "data"]


def test_a_201_has_a_location_and_can_be_a_repetition() -> None:
    created = [
        each["responses"]["201"] for each in OPERATIONS.values() if "201" in each["responses"]
    ]
    assert len(created) >= 3
    assert all({"Location", "Idempotent-Replayed"} <= each["headers"].keys() for each in created)


@pytest.mark.parametrize(("status", "header"), [("429", "Retry-After"), ("503", "Retry-After"),
                                                ("401", "WWW-Authenticate")])  # fmt: skip
def test_a_refusal_says_how_to_go_on(status: str, header: str) -> None:
    answers = [
        resolved(each["responses"][status])
        for name, each in OPERATIONS.items()
        if status in each["responses"] and (name, status) != ("get_health", "503")
    ]
    assert all(header in each["headers"] for each in answers)


def test_health_describes_its_503() -> None:
    answers = OPERATIONS["get_health"]["responses"]
    assert (
        answers["503"]["content"]["application/json"]
        == answers["200"]["content"]["application/json"]
    )


def test_every_body_and_parameter_has_an_example() -> None:
    assert [
        place for place, each in _described() if not {"example", "examples"} & each.keys()
    ] == []


def _described() -> Iterator[tuple[str, Json]]:
    for name, each in OPERATIONS.items():
        bodies = [each.get("requestBody", {}), *map(resolved, each["responses"].values())]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            yield name, media
        for parameter in each.get("parameters", []):
            yield f"{name}: {parameter['name']}", parameter


def test_answers_with_an_id_link_to_the_operations_that_take_it() -> None:
    made = OPERATIONS["request_match"]["responses"]["201"]["links"]
    assert {"get_match", "respond_to_match", "withdraw_match", "create_session"} <= made.keys()
    links = DOCUMENT["components"]["links"]
    assert links["Match.respond_to_match"]["parameters"] == {"match_id": "$response.body#/id"}
    assert links["Match.create_session"]["requestBody"] == {"match_id": "$response.body#/id"}
    assert links["MatchPage.get_match"]["parameters"] == {
        "match_id": "$response.body#/matches/0/id"
    }


def test_a_parameter_is_never_null() -> None:
    parameters = [each for one in OPERATIONS.values() for each in one.get("parameters", [])]
    assert [each["name"] for each in parameters if "null" in str(each["schema"])] == []
