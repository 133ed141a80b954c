"""All callers of a function use its alias, so that a release can shift requests and roll back."""

from collections.abc import Iterator
from typing import Any

from local import template as reader
from local.gateway import ALIAS
from tests.support.template import functions, template

RESOURCES: dict[str, Any] = template()["Resources"]
COMMON: dict[str, Any] = template()["Globals"]["Function"]
PREFERENCE: dict[str, Any] = COMMON["DeploymentPreference"]
FUNCTIONS = set(reader.functions(template()))
HOOK = RESOURCES["ReleaseCheckFunction"]["Properties"]
# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
MOST_ALARMS = 10


def references(part: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and place of each reference to a function without its alias."""
    match part:
        case {"Ref": name} if name in FUNCTIONS:
            yield name, place
        case {"Fn::GetAtt": [name, "Arn"]} if name in FUNCTIONS:
            yield name, f"{place} Arn"
        case dict() | list():
            items = part.items() if isinstance(part, dict) else enumerate(part)
            for key, inner in items:
                yield from references(inner, f"{place} {key}")


def test_only_alarms_and_the_hook_name_a_function_without_its_alias() -> None:
    """SAM uses the alias for a function's own events; everything else has to name it."""
    for name, place in references(template()):
        of_all_versions = "Dimensions" in place
        assert of_all_versions or (name, place.split()[-1]) == (
            "ReleaseCheckFunction",
            "PreTraffic",
        )


def test_the_emulator_calls_the_alias_that_is_deployed() -> None:
    assert COMMON["AutoPublishAlias"] == ALIAS


def test_a_change_of_a_variable_or_a_layer_is_a_new_version() -> None:
    layers = [each for each in RESOURCES.values() if each["Type"].endswith("LayerVersion")]
    assert COMMON["AutoPublishAliasAllProperties"] is True
    assert {each["Properties"]["PublishLambdaVersion"] for each in layers} == {True}


def test_a_release_of_every_function_is_tested_and_watched() -> None:
    own = {
        folder: each["DeploymentPreference"]
        for folder, each in functions().items()
        if "DeploymentPreference" in each
    }
    assert own == {"release_check": {"Enabled": False}}
    assert PREFERENCE["Hooks"] == {"PreTraffic": {"Ref": "ReleaseCheckFunction"}}


def test_the_alarms_that_roll_a_release_back_exist() -> None:
    names = {
        name: each["Properties"].get("AlarmName")
        for name, each in RESOURCES.items()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }
    watched = [
        next(name for name, given in names.items() if alarm in ({"Ref": name}, given))
        for alarm in PREFERENCE["Alarms"]
    ]
    assert len(set(watched)) == len(PREFERENCE["Alarms"]) <= MOST_ALARMS
    assert {"ReleaseErrorsAlarm", "FunctionErrorsAlarm", "ServerErrorsAlarm"} <= set(watched)


def test_every_way_to_shift_is_in_the_mapping() -> None:
    ways = template()["Parameters"]["Shifting"]["AllowedValues"]
    shifts = template()["Mappings"]["Shifts"]
    assert list(shifts) == ways
    assert [way for way in ways if shifts[way]["Gradual"] == "false"] == ["Off"]


def test_codedeploy_may_invoke_the_hook() -> None:
    """Its role's policy, AWSCodeDeployRoleForLambda, only allows names with this prefix."""
    assert HOOK["FunctionName"]["Fn::Sub"].startswith("CodeDeployHook_")


def test_the_hook_has_more_time_than_any_function_that_it_invokes() -> None:
    longest = max(
        each.get("Timeout", COMMON["Timeout"])
        for folder, each in functions().items()
        if folder != "release_check"
    )
    assert HOOK["Timeout"] > longest
