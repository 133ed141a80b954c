"""Timezones come from the layer, whatever files the runtime's system has."""

import json
import subprocess
import sys

from tests.support.template import ROOT

BUILT = ROOT / ".local" / "build" / "native"
LAYERS = [BUILT / layer / "python" for layer in ("DependenciesLayer", "SharedLayer")]
ASK = """
import json, zoneinfo
from datetime import datetime, timezone
from wingman.notifications.email.timezones import zone_of
moments = [datetime(2026, month, 1, tzinfo=timezone.utc) for month in (1, 7)]
names = ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC", "Europe", "Mars/X"]
print(json.dumps({
    "known": len(zoneinfo.available_timezones()),
    "shown": {n: [m.astimezone(zone_of(n)).strftime("%H:%M") for m in moments] for n in names},
}))
"""


def test_a_function_knows_every_zone_without_the_systems_files() -> None:
    completed = subprocess.run(
        [sys.executable, "-S", "-c", ASK],  # -S: none of the packages of this environment
        env={"PYTHONTZPATH": "", "PYTHONPATH": ":".join(map(str, LAYERS))},
        capture_output=True,
        text=True,
        check=True,
    )

    answer = json.loads(completed.stdout)
    assert answer["known"] > 400
    assert answer["shown"] == {
        "Europe/Berlin": ["01:00", "02:00"],
        "America/Sao_Paulo": ["21:00", "21:00"],
        "Australia/Lord_Howe": ["11:00", "10:30"],
        "UTC": ["00:00", "00:00"],
        "Europe": ["00:00", "00:00"],
        "Mars/X": ["00:00", "00:00"],
    }
