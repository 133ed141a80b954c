"""The language model. Its SDK's messages are dropped: they may repeat parts of the prompt."""

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from wingman.coach.dependencies import ANTHROPIC
from wingman.coach.errors import MalformedAdvice, QuestionDeclined
from wingman.coach.models import Prompt
from wingman.coach.rules import SCHEMA
from wingman.coach.settings import CoachSettings
from wingman.kit.clients.circuits import through
from wingman.kit.clients.transport import asked_to_wait, tls
from wingman.kit.clock import time_left
from wingman.kit.errors import DependencyRefused, DependencyUnavailable
from wingman.kit.observability import logger
from wingman.kit.resilience.retry import with_api_retry
from wingman.kit.settings import load
from wingman.kit.tracing.segments import subsegment

if TYPE_CHECKING:
    import httpx2
    from anthropic import Anthropic, APIError
    from anthropic.types import Message

TIMEOUT_SECONDS = 15.0
CONNECT_SECONDS = 2.0
# Enough for five tips of 300 characters in any script.
MAX_TOKENS = 1024
# Only a request that the provider did not begin is retried: any other has used time and tokens.
_RETRY = through(ANTHROPIC, with_api_retry.replace(max_retries=1, attempt_seconds=3.0))


class Reply(NamedTuple):
    text: str
    model: str


class Coach(Protocol):
    def ask(self, prompt: Prompt) -> Reply:
        """Return the model's answer, unparsed.

        Raises MalformedAdvice for an incomplete answer, QuestionDeclined, DependencyUnavailable.
        """
        ...


class AnthropicCoach(Coach):
    """https://platform.claude.com/docs/en/api/messages."""

    def __init__(self, client: "Anthropic", model: str) -> None:
        self._client = client
        self._model = model

    def ask(self, prompt: Prompt) -> Reply:
        return _read(_RETRY.run(lambda: self._create(prompt)))

    def _create(self, prompt: Prompt) -> "Message":
        from anthropic import APIError  # noqa: PLC0415 - see coach()

        try:
            with subsegment(ANTHROPIC.name, namespace="remote"):
                return self._client.messages.create(
                    model=self._model,
                    max_tokens=MAX_TOKENS,
                    system=prompt.instructions,
                    messages=[{"role": "user", "content": prompt.content}],
                    output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
                    timeout=_seconds(),
                )
        except APIError as error:
            raise _translated(error) from None


@cache
def coach() -> Coach:
    """Return the container's client.

    The SDK is imported here because its 3000 modules take as long as a whole cold start, and the
    cache answers most requests. Retries are ours, not the SDK's.
    """
    import httpx2  # noqa: PLC0415
    from anthropic import Anthropic  # noqa: PLC0415

    settings = load(CoachSettings)
    assert settings.anthropic_api_key  # noqa: S101 - settings require it if coaching is enabled
    client = Anthropic(
        api_key=settings.anthropic_api_key.get_secret_value(),
        base_url=settings.anthropic_api_url,
        max_retries=0,
        timeout=TIMEOUT_SECONDS,
        http_client=httpx2.Client(verify=tls(), trust_env=False),
        open_telemetry=False,
    )
    return AnthropicCoach(client, settings.coach_model)


def _seconds() -> "httpx2.Timeout":
    import httpx2  # noqa: PLC0415 - as above

    left = time_left()
    return httpx2.Timeout(min(TIMEOUT_SECONDS, left), connect=min(CONNECT_SECONDS, left))


def _read(message: "Message") -> Reply:
    if message.stop_reason == "refusal":
        raise QuestionDeclined
    texts = [block.text for block in message.content if block.type == "text"]
    if message.stop_reason != "end_turn" or len(texts) != 1:
        raise MalformedAdvice(f"stopped by {message.stop_reason}, {len(texts)} texts")
    return Reply(texts[0], message.model)


# Another attempt cannot succeed after these: https://platform.claude.com/docs/en/api/errors
_REFUSED = frozenset({400, 401, 402, 403, 404, 413, 422})
# The provider generated nothing before these.
_NOT_BEGUN = frozenset({429, 500, 503, 529})


def _translated(error: "APIError") -> DependencyUnavailable:
    from anthropic import APIStatusError  # noqa: PLC0415 - as above

    status = error.status_code if isinstance(error, APIStatusError) else None
    facts = {"status": status, "error": type(error).__name__}
    logger().warning("coach.provider_failed", extra=facts)
    if status in _REFUSED:
        return DependencyRefused(ANTHROPIC.name, retry_after=60)
    asked = asked_to_wait(error)
    return DependencyUnavailable(
        ANTHROPIC.name,
        retry_after=max(5, round(asked or 0)),
        not_executed=status in _NOT_BEGUN or _never_sent(error),
        asked_to_wait=asked,
    )


def _never_sent(error: "APIError") -> bool:
    import httpx2  # noqa: PLC0415 - as above

    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
