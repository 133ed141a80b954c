"""The model of `make capacity`, checked against numbers computed by hand."""

from typing import Any

import pytest

from local.capacity.__main__ import main
from local.capacity.figures import Figures, Limit, Price, Size
from local.capacity.model import at_peak, costs, databases, of_month, of_use, outgrown
from local.capacity.page import PAGE, written
from local.errors import StackError

NOTHING: dict[str, Any] = {
    "requests": 0,
    "frames": 0,
    "redis_commands": 0,
    "emails": 0,
    "pushes": 0,
    "database_cpu_ms": 0,
    "transactions": 0,
    "functions": {},
    "rows": {},
}
# 100 ms of CPU on half a core, two calls of 10 ms, and a start of 1 s in one of 100 invocations:
# 200 + 20 + 10 = 230 ms.
GREET: dict[str, Any] = NOTHING | {
    "requests": 1,
    "redis_commands": 2,
    "emails": 0.5,
    "database_cpu_ms": 4,
    "transactions": 3,
    "functions": {
        "greeting": {"cpu_ms": 100, "calls": {"invocations": 1, "supabase": 2, "sqs": 0}},
    },
    "rows": {"public.greetings": 2, "public.unknown": 1},
}
TICK: dict[str, Any] = NOTHING | {"redis_commands": 1}
ZERO = (
    *("auth_ms", "sqs_ms", "s3_ms", "email_ms", "push_ms", "other_ms", "redis_ms", "traced"),
    *("images_seen", "image_kilobytes", "photo_kilobytes", "connected_minutes"),
)
FACTS = dict.fromkeys(ZERO, 0.0) | {
    "peak": 3.0,
    "months_kept": 10.0,
    "log_kilobytes": 2.0,
    "log_months": 1.0,
    "cold_share": 0.01,
    "cold_ms": 1000.0,
    "processor": 1.0,
    "supabase_ms": 10.0,
    "commit_ms": 2.0,
    "database_load": 0.5,
    "batch": 10.0,
}
PRICES = (
    *("lambda_seconds", "lambda_requests", "http_requests", "frames", "connected_minutes"),
    *("queue_requests", "log_gigabytes", "log_months", "traces", "object_months", "object_writes"),
    *("delivered_gigabytes", "delivered_requests", "redis_commands", "database_gigabytes"),
    *("monthly_users", "emails", "pushes", "plan"),
)
FIGURES = Figures(
    measured={
        "steps": {"greet": GREET, "rest": NOTHING},
        "background": TICK,
        "row_bytes": {"public.greetings": 100, "public.others": 300},
    },
    times={"greet": 100, "add_photo": 0, "connect": 0} | {"rest": 5},
    facts=FACTS,
    prices={name: Price(name, [(0, 0)]) for name in PRICES}
    | {
        "redis_commands": Price("command", [(0, 0.01)]),
        "lambda_seconds": Price("GB-s", [(0, 0.001)]),
        "emails": Price("email", [(10, 0), (20, 2), (0, 1)]),
        "plan": Price("month", [(0, 25)]),
        "database_gigabytes": Price("GB", [(8, 0), (0, 0.5)]),
    },
    sizes=[Size("S", 2, 10, 60, 100), Size("L", 4, 100, 100, 1000)],
    limits={
        "redis": Limit("Redis", "redis_commands", 100, "Use two."),
        "provider": Limit("provider", "emails", 1, "Ask."),
        "none": Limit("never used", "pushes", 1, "Nothing."),
    },
    memory={"greeting": 1769 // 2},
)


def with_steps(figures: Figures) -> Figures:
    """Add the steps that the model always reads."""
    steps = figures.measured["steps"] | {"add_photo": NOTHING, "connect": NOTHING}
    return Figures(**vars(figures) | {"measured": dict(figures.measured) | {"steps": steps}})


TINY = with_steps(FIGURES)


def test_a_step_uses_its_measured_amounts() -> None:
    asked = of_use(TINY, GREET)
    assert asked["busy_seconds"] == pytest.approx(0.1 * 1769 / 884 + 0.02 + 0.01)
    assert asked["lambda_seconds"] == pytest.approx(asked["busy_seconds"] * 884 / 1024)
    assert asked["lambda_requests"] == 1
    assert asked["database_seconds"] == pytest.approx(0.004)
    assert asked["connection_seconds"] == pytest.approx(0.004 + 3 * 0.002)
    assert asked["log_gigabytes"] == pytest.approx(2e-6)
    # Of a table whose rows were not measured, the mean of the others: 200.
    assert asked["row_bytes"] == pytest.approx(2 * 100 + 200)


def test_a_month_adds_up_all_users_and_the_schedules() -> None:
    month = of_month(TINY, 1000)
    # 1000 users greet 100 times with 2 commands; 43 200 minutes have one.
    assert month["redis_commands"] == pytest.approx(200_000 + 43_200)
    assert month["emails"] == pytest.approx(50_000)
    # 400 bytes for each greeting, kept for 10 months.
    assert month["database_gigabytes"] == pytest.approx(1000 * 100 * 400 * 10 / 1e9)


def test_a_peak_is_the_mean_second_times_the_peak() -> None:
    peak = at_peak(TINY, of_month(TINY, 1_000_000))
    greetings = 1e8 / 2_592_000 * 3  # 115.7 in a second
    assert peak["http_requests"] == pytest.approx(greetings)
    assert peak["database_cores"] == pytest.approx(greetings * 0.004 / 0.5)
    assert peak["database_connections"] == pytest.approx(greetings * 0.010)


@pytest.mark.parametrize(
    ("emails", "dollars"), [(0, 0), (10, 0), (15, 10), (20, 20), (25, 25), (120, 120)]
)
def test_a_unit_is_paid_by_its_tier(emails: float, dollars: float) -> None:
    assert TINY.prices["emails"].of(emails) == dollars


def test_costs_are_amounts_by_prices() -> None:
    found = costs(TINY, 1000)
    assert found["Redis"] == pytest.approx(2432)
    assert found["Lambda"] == pytest.approx(0.001 * 1e5 * of_use(TINY, GREET)["lambda_seconds"])
    # The smallest size and 0.4 GB: no disk is paid.
    assert found["database"] == 25 + 10
    assert found["pushes"] == 0


def test_the_smallest_size_that_holds_cores_connections_and_disk_is_taken() -> None:
    def chosen(cores: float, connections: float, gigabytes: float) -> tuple[int, str]:
        peak = {
            "database_cores": cores,
            "database_connections": connections,
            "database_gigabytes": gigabytes,
        }
        projects, size = databases(TINY, peak)
        return projects, size.name

    assert chosen(2, 60, 100) == (1, "S")
    assert chosen(2.1, 1, 1) == (1, "L")
    assert chosen(1, 61, 1) == (1, "L")
    assert chosen(1, 1, 101) == (1, "L")
    assert chosen(9, 1, 1) == (3, "L")
    assert chosen(1, 101, 1) == (2, "L")
    assert chosen(1, 1, 5000) == (5, "L")


def test_the_limit_that_the_fewest_users_reach_comes_first() -> None:
    found = outgrown(TINY, 1_000_000)
    assert [one.limit.name for one in found] == ["provider", "Redis"]
    # 57.9 emails a second of a million users, of which the provider takes 10.
    assert found[0].users == pytest.approx(1e6 * 10 / (0.5e8 / 2_592_000 * 3))


def test_other_assumptions_change_the_result() -> None:
    twice = TINY.changed(["greet=200", "peak=6"])
    assert of_month(twice, 1)["emails"] == 2 * of_month(TINY, 1)["emails"]
    assert twice.facts["peak"] == 6
    assert TINY.times["greet"] == 100


@pytest.mark.parametrize("word", ["greets=1", "greet", "greet=many", "peak=-1", "=1"])
def test_an_unknown_assumption_is_refused_with_the_known_ones(word: str) -> None:
    with pytest.raises(StackError, match=r"not name=number .*: greet, .*peak"):
        TINY.changed([word])


def test_the_page_has_the_tables_that_the_model_computes() -> None:
    assert written(PAGE.read_text(), Figures.read()) == PAGE.read_text()


def test_a_page_without_a_mark_is_refused() -> None:
    text = PAGE.read_text().replace("<!-- capacity: limits -->", "")
    with pytest.raises(StackError, match="capacity: limits"):
        written(text, Figures.read())


def test_every_step_of_the_usage_was_measured() -> None:
    figures = Figures.read()
    assert set(figures.times) == set(figures.steps)
    functions = {name for use in figures.steps.values() for name in use["functions"]}
    assert functions <= set(figures.memory)


def test_the_command_takes_another_number_of_users(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["users=250000", "message=80"]) == 0
    assert "| 250 000 users |" in capsys.readouterr().out
    assert main(["users=none"]) == 1
    assert "users=none is not a number of users" in capsys.readouterr().err
