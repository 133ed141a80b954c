"""`make demo` says where to look when an email does not come."""

from pathlib import Path

import pytest

from local.demo import walk
from local.errors import StackError
from local.stack import Stack


@pytest.mark.parametrize("name", ["dev", "test"])
def test_an_email_that_does_not_come_names_the_log_of_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    stack = Stack(name, 8700, tmp_path)
    stack.env_file.parent.mkdir(parents=True)
    stack.env_file.touch()
    monkeypatch.setattr(walk, "PATIENCE", -1)
    monkeypatch.setattr(walk.Walk, "_accepted", lambda _: [])

    with pytest.raises(StackError, match=rf"look at \.local/{name}/logs/ministack\.log and GET"):
        walk.Walk(stack).emails([], 1)
