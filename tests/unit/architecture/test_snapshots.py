"""Containers start from a snapshot only if an environment asks for it."""

from tests.support.template import template


def test_snapshots_are_off_unless_an_environment_asks_for_them() -> None:
    document = template()

    assert document["Parameters"]["EnableSnapStart"]["Default"] == "false"
    assert document["Conditions"]["HasSnapStart"] == {
        "Fn::Equals": [{"Ref": "EnableSnapStart"}, "true"]
    }
    assert document["Globals"]["Function"]["SnapStart"] == {
        "Fn::If": ["HasSnapStart", {"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"}]
    }
