"""The CodeDeploy hook, and the event with which it tries every function."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.accounts import waiting_requests
from tests.support.functions import Function
from tests.support.template import functions
from wingman.releases.sample import EVENT

Load = Callable[..., Function]
TRIED = sorted(set(functions()) - {"release_check"})


@pytest.fixture
def queue(stack: dict[str, str]) -> Iterator[str]:
    with waiting_requests(stack) as queue:
        yield queue.url


@pytest.mark.parametrize("folder", TRIED)
def test_every_function_answers_the_event_of_a_release(
    function: Load, queue: str, folder: str
) -> None:
    app = function(folder, RECOMMENDATIONS_QUEUE_URL=queue)
    answer = app.invoke(dict(EVENT), milliseconds=60_000)
    assert answer is None or answer.get("statusCode", 200) < 500
