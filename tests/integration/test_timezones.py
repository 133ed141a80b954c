"""Timezones come from the layer, whatever files the runtime's system has."""

import json
import subprocess
import sys

from tests.support.template import ROOT, template

BUILT = ROOT / ".local" / "build" / "native"
LAYERS = [BUILT / layer / "python" for layer in ("DependenciesLayer", "SharedLayer")]
_GLOBAL = template()["Globals"]["Function"]["Environment"]["Variables"]
VARIABLES = {name: value for name, value in _GLOBAL.items() if isinstance(value, str)}
ASK = """
import json, zoneinfo
from datetime import datetime, timezone
from wingman.notifications.email.timezones import zone_of
moments = [datetime(2026, month, 5, 2, tzinfo=timezone.utc) for month in (1, 7, 12)]
names = [
    "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/Vancouver", "UTC",
    "Europe", "Mars/X", "posix/Asia/Tokyo", "right/Asia/Tokyo",
]
print(json.dumps({
    "known": len(zoneinfo.available_timezones()),
    "shown": {n: [m.astimezone(zone_of(n)).strftime("%H:%M") for m in moments] for n in names},
}))
"""


def test_a_function_knows_every_zone_without_the_systems_files() -> None:
    completed = subprocess.run(
        [sys.executable, "-S", "-c", ASK],  # -S: none of the packages of this environment
        env=VARIABLES | {"PYTHONPATH": ":".join(map(str, LAYERS))},
        capture_output=True,
        text=True,
        check=True,
    )

    answer = json.loads(completed.stdout)
    assert answer["known"] > 400
    assert answer["shown"] == {
        "Europe/Berlin": ["03:00", "04:00", "03:00"],
        "America/Sao_Paulo": ["23:00", "23:00", "23:00"],
        "Australia/Lord_Howe": ["13:00", "12:30", "13:00"],
        "America/Vancouver": ["18:00", "19:00", "19:00"],  # without winter time since 2026
        "UTC": ["02:00", "02:00", "02:00"],
        "Europe": ["02:00", "02:00", "02:00"],
        "Mars/X": ["02:00", "02:00", "02:00"],
        "posix/Asia/Tokyo": ["02:00", "02:00", "02:00"],
        "right/Asia/Tokyo": ["02:00", "02:00", "02:00"],
    }
