"""A load test only calls this machine, and stops when nothing is answered."""

from contextlib import nullcontext

import pytest

from local.errors import StackError
from tests.bench.load.__main__ import USERS, Options, find_saturation, main
from tests.bench.load.plan import ADDRESSES, Plan, Step, require_loopback
from tests.bench.load.use import Use
from tests.bench.load.verdict import Measured

HERE = dict.fromkeys(ADDRESSES, "http://127.0.0.1:8700")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        "http://localhost:8700",  # a name, which a hosts file may map to any address
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://192.168.0.1:8700",
        "http://0.0.0.0:8700",
        "wss://10.0.0.1",
        "",
    ],
)
@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_that_is_not_on_this_machine_is_refused(name: str, url: str) -> None:
    with pytest.raises(StackError, match=f"{name} leads to .* loopback"):
        Plan.of(HERE | {name: url}, [])


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8700", "ws://127.3.2.1/x", "http://[::1]:1", "postgresql://u@127.0.0.1"],
)
def test_an_address_of_this_machine_is_taken(url: str) -> None:
    require_loopback("API_URL", url)


def test_a_step_without_an_answer_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = Measured(Step(4, 60, 15), {}, {}, Use({}, 0))

    class Silent:
        def measured(self, plan: Plan) -> list[Measured]:
            return [nothing] * len(plan.steps)

    monkeypatch.setattr("tests.bench.load.__main__.crowd", lambda *_: nullcontext(Silent()))
    with pytest.raises(StackError, match="no request was answered in 15 s"):
        find_saturation(HERE, Options(step=15))


def test_a_plan_can_be_passed_to_another_process() -> None:
    plan = Plan.of(HERE, [Step(4, 10, 20)], pace=2)

    assert Plan.read(plan.written()) == plan


def test_a_run_is_shortened_by_its_arguments() -> None:
    options = Options.of(["seconds=60", "step=15", "most=16"])

    assert (options.seconds, options.step, options.most) == (60, 15, 16)
    assert [step.users for step in options.steps()] == [4, 8, 12, 16]
    assert {step.seconds for step in options.steps()} == {15}


def test_the_last_step_has_the_requested_number_of_users() -> None:
    assert [step.users for step in Options(most=3).steps()] == [3]
    assert [step.users for step in Options(most=10).steps()] == [4, 8, 10]
    assert [step.users for step in Options().steps()] == list(USERS)


@pytest.mark.parametrize("argument", ["seconds=0", "step=-1", "most=x", "users=3", "60", "step="])
def test_a_wrong_argument_is_named(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([argument]) == 1
    assert argument.partition("=")[0] in capsys.readouterr().out
