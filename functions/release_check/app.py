"""CodeDeploy, before requests reach a new version: invokes it once.

See wingman/releases/service.py.
"""

from typing import Any

from wingman.kit.clock import LambdaContext
from wingman.kit.deployment import DeploymentSettings
from wingman.kit.invocation import invocation
from wingman.kit.settings import check
from wingman.releases import provider, service
from wingman.releases.models import Hook
from wingman.releases.settings import ReleaseSettings

check(DeploymentSettings, ReleaseSettings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Examine once; CodeDeploy takes the first answer of two."""
    with invocation(event, context):
        hook = Hook.model_validate(event)
        return {"status": service.examine(provider.deployments(), provider.versions(), hook)}
