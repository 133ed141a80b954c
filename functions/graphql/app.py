"""POST /graphql: the services of the REST API as a graph, on the event itself without FastAPI."""

import json
from pathlib import Path
from typing import Any

from wingman.graph import endpoint
from wingman.graph.schema import schema
from wingman.graph.settings import GraphSettings
from wingman.kit import settings
from wingman.kit.auth.tokens import verify
from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.gateway import read
from wingman.kit.invocation import invocation
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.matches.settings import MatchSettings
from wingman.notifications.devices.settings import PushSwitch
from wingman.notifications.email.letters.settings import BrandSettings
from wingman.notifications.settings import QueueSettings
from wingman.realtime.settings import RealtimeSettings

settings.check(
    *(DeploymentSettings, SupabaseSettings, RedisSettings, QueueSettings, RealtimeSettings),
    *(BrandSettings, GraphSettings, MatchSettings, PushSwitch),
)
DOCUMENTS: dict[str, str] = json.loads(Path(__file__).with_name("documents.json").read_bytes())
schema()  # while the container starts, for which Lambda provides a faster processor


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one event of the HTTP API."""
    with invocation(event, context) as segment:
        answer = endpoint.answer(read(event), verify, DOCUMENTS)
        segment.answered(answer["statusCode"])
        return answer
