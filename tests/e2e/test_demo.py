"""`make demo`, the first command after `make dev`."""

import re
import subprocess
import sys
from collections.abc import Callable

from tests.support.functions import Function
from tests.support.inbox import Inbox
from tests.support.template import ROOT


def test_the_demo_reaches_its_end(function: Callable[..., Function], inbox: Inbox) -> None:
    """The sweep runs each second instead of each minute."""
    reminders = function("session_reminders")
    demo = subprocess.Popen(
        [sys.executable, "-m", "local", "demo", "--name", "test"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while True:
        try:
            output, _ = demo.communicate(timeout=1)
            break
        except subprocess.TimeoutExpired:
            reminders.invoke(reminders.event("every_minute"), milliseconds=50_000)

    assert demo.returncode == 0, output
    assert "Fourteen emails, each exactly once." in output
    assert "Leo → Maya" in output
    assert "Leo's phone: Wingman: Meeting Maya & Bruno" in output
    addresses = re.findall(r"signed up as (\S+)", output)
    texts = [email["text"] for address in addresses for email in inbox.to(address)]
    dates = [date for text in texts for date in re.findall(r"^When: (.*)$", text, re.MULTILINE)]
    assert len(dates) == 6, "planned, reminded, met: to both"
    assert len(set(dates)) == 1, "the emails agree on the date of the meeting"
