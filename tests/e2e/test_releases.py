"""A release on the deployed stack is refused before it gets requests, rolled back, or completed."""

import io
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import httpx
import pytest

from local.aws import Aws, emulated
from local.stack import Stack
from tests.support.alarms import Alarm, deployed_alarms
from tests.support.codedeploy import CodeDeploy, Outcome, Release
from tests.support.people import People
from tests.support.resources import physical
from tests.support.template import ROOT, template

SOURCE = (ROOT / "functions" / "user" / "app.py").read_text()
DOES_NOT_START = f"{SOURCE}\nimport a_package_that_no_layer_has\n"
ANSWERS_500 = SOURCE.replace("return service.get(", "raise ValueError('broken')\n    return (")
HEALTHY = f"{SOURCE}\n# another version\n"
SHIFT = template()["Parameters"]["Shifting"]["Default"]
# A minute of the canary takes this long; the period of its alarm is not shortened.
MINUTE_SECONDS = 8.0


@dataclass(frozen=True)
class House:
    """A deployed function, and its alias."""

    aws: Aws
    name: str

    def publish(self, source: str) -> Release:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", source)
        client = self.aws.lambda_()
        client.update_function_code(FunctionName=self.name, ZipFile=packed.getvalue())
        return Release(self.name, client.publish_version(FunctionName=self.name)["Version"])

    @property
    def alias(self) -> tuple[str, Any]:
        found = self.aws.lambda_().get_alias(FunctionName=self.name, Name="live")
        return found["FunctionVersion"], found.get("RoutingConfig")

    def direct(self, version: str) -> None:
        self.aws.lambda_().update_alias(
            FunctionName=self.name,
            Name="live",
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": {}},
        )


@pytest.fixture
def aws(stack: dict[str, str]) -> Aws:
    port = httpx.URL(stack["AWS_ENDPOINT_URL"]).port
    assert port is not None
    return emulated(Stack("test", port - 3))


@pytest.fixture
def house(aws: Aws) -> Iterator[House]:
    house = House(aws, physical(aws, "UserFunction"))
    before, _ = house.alias
    yield house
    house.direct(before)
    house.publish(SOURCE)


@pytest.fixture
def codedeploy(aws: Aws) -> Iterator[CodeDeploy]:
    hook = physical(aws, "ReleaseCheckFunction")
    with CodeDeploy(aws, hook, MINUTE_SECONDS) as stand_in:
        client = aws.lambda_()
        before = client.get_function_configuration(FunctionName=hook)["Environment"]["Variables"]
        there = before | {"AWS_ENDPOINT_URL_CODEDEPLOY": stand_in.url}
        client.update_function_configuration(FunctionName=hook, Environment={"Variables": there})
        yield stand_in
        client.update_function_configuration(FunctionName=hook, Environment={"Variables": before})


@pytest.fixture
def alarms(aws: Aws) -> list[Alarm]:
    """Return the alarms that a deployment group would watch."""
    named = template()["Globals"]["Function"]["DeploymentPreference"]["Alarms"]
    wanted = {physical(aws, each["Ref"]) for each in named if "Ref" in each}
    found = deployed_alarms(aws, "wingman", physical(aws, "Logs"))
    chosen = [alarm for alarm in found if alarm.name in wanted]
    assert len(chosen) == len(wanted)
    return chosen


class Traffic:
    """Users who request their profile again and again; `seen` counts the statuses."""

    def __init__(self, url: str, people: People) -> None:
        self.seen: Counter[int] = Counter()
        self._people = [people.new() for _ in range(12)]
        self._client = httpx.Client(base_url=url, timeout=30)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._flow)

    def ask(self, times: int) -> Counter[int]:
        asked = (self._people[n % len(self._people)] for n in range(times))
        return Counter(
            self._client.get("/api/user", headers=person.authorization).status_code
            for person in asked
        )

    def _flow(self) -> None:
        while not self._over.is_set():
            self.seen += self.ask(len(self._people))

    def __enter__(self) -> Self:
        assert self.ask(1) == {200: 1}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._client.close()


@pytest.fixture
def traffic(stack: dict[str, str], people: People) -> Iterator[Traffic]:
    with Traffic(stack["API_URL"], people) as traffic:
        yield traffic


def test_a_version_that_does_not_start_gets_no_request(
    house: House, codedeploy: CodeDeploy, alarms: list[Alarm], traffic: Traffic
) -> None:
    before = house.alias
    assert codedeploy.deploy(house.publish(DOES_NOT_START), SHIFT, alarms) is Outcome.REFUSED
    assert house.alias == before
    assert set(traffic.seen + traffic.ask(12)) == {200}


def test_a_sound_version_gets_all_requests_and_fails_none(
    house: House, codedeploy: CodeDeploy, alarms: list[Alarm], traffic: Traffic
) -> None:
    release = house.publish(HEALTHY)
    codedeploy.minute_seconds = 1
    assert codedeploy.deploy(release, SHIFT, alarms) is Outcome.COMPLETED
    assert house.alias == (release.version, None)
    assert set(traffic.seen + traffic.ask(12)) == {200}


def test_a_version_that_answers_500_is_rolled_back_by_its_alarm(
    house: House, codedeploy: CodeDeploy, alarms: list[Alarm], traffic: Traffic
) -> None:
    before = house.alias
    assert codedeploy.deploy(house.publish(ANSWERS_500), SHIFT, alarms) is Outcome.ROLLED_BACK
    assert house.alias == before
    assert codedeploy.fired == [physical(house.aws, "ReleaseErrorsAlarm")]
    assert set(traffic.seen) == {200, 500}
    assert traffic.seen[500] < traffic.seen[200]
    assert traffic.ask(48) == {200: 48}
