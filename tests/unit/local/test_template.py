from pathlib import Path

import pytest
from cfnlint.decode.cfn_yaml import CfnParseError

from local import template

TEMPLATE = """
Globals:
  Function:
    Handler: app.handler
    Environment: {Variables: {COMMON: a, BOTH: a}}
Resources:
  Api: {Type: "AWS::Serverless::HttpApi"}
  OneFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/one
      Environment: {Variables: {OWN: !Ref Thing, BOTH: b}}
      Events:
        Some: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /some, Method: get}}
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/any/{x}", Method: ANY}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: $default, Method: ANY}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
"""


def read(tmp_path: Path) -> dict[str, object]:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return template.load(path)


def test_every_http_event_becomes_one_route(tmp_path: Path) -> None:
    routes = [(route.function, route.key) for route in template.routes(read(tmp_path))]
    assert routes == [
        ("OneFunction", "GET /some"),
        ("OneFunction", "ANY /any/{x}"),
        ("OneFunction", "$default"),
    ]


def test_a_functions_own_variables_override_the_common_ones(tmp_path: Path) -> None:
    found = template.variables(read(tmp_path), "OneFunction")
    assert found == {"COMMON": "a", "BOTH": "b", "OWN": {"Ref": "Thing"}}


def test_a_duplicate_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources:\n  Api: {Type: One}\n  Api: {Type: Two}\n")
    with pytest.raises(CfnParseError, match="Api"):
        template.load(path)
