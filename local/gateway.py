"""Routes and CORS of the deployed API.

SAM hands both to CloudFormation in an HttpApi's OpenAPI body, which the emulator does not
import: they are made here, from the same template.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from local.aws import ACCOUNT, api_gateway, cloud_formation
from local.servers import REGION
from local.stack import Stack
from local.template import Route


def synchronise(stack: Stack, stack_name: str, api_id: str, wanted: Iterable[Route]) -> int:
    """Give the API exactly these routes; return how many there are."""
    functions = _function_names(stack, stack_name)
    targets = {route.key: functions[route.function] for route in wanted}
    existing = _integrations(stack, api_id)
    integrations = {
        name: existing.get(name) or _integrate(stack, api_id, name)
        for name in set(targets.values())
    }
    _reroute(stack, api_id, {key: integrations[name] for key, name in targets.items()})
    for name, integration in existing.items():
        if name not in integrations:
            api_gateway(stack).delete_integration(ApiId=api_id, IntegrationId=integration)
    return len(targets)


def allow_origins(stack: Stack, api_id: str, cors: Mapping[str, Any], origins: list[str]) -> None:
    """Give the API the template's CORS rules, for these origins."""
    api_gateway(stack).update_api(
        ApiId=api_id,
        CorsConfiguration={
            "AllowOrigins": origins,
            "AllowMethods": cors["AllowMethods"],
            "AllowHeaders": cors["AllowHeaders"],
            "ExposeHeaders": cors["ExposeHeaders"],
            "MaxAge": cors["MaxAge"],
        },
    )


def _reroute(stack: Stack, api_id: str, wanted: dict[str, str]) -> None:
    client = api_gateway(stack)
    for route in client.get_routes(ApiId=api_id)["Items"]:
        integration = wanted.get(route["RouteKey"])
        if integration and route.get("Target") == f"integrations/{integration}":
            del wanted[route["RouteKey"]]
        else:
            client.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for key, integration in wanted.items():
        client.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{integration}")


def _function_names(stack: Stack, stack_name: str) -> dict[str, str]:
    """Return the deployed functions: name in the template → name on AWS."""
    pages = cloud_formation(stack).get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack_name)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def _integrations(stack: Stack, api_id: str) -> dict[str, str]:
    """Return the integrations that exist: function → id."""
    items = api_gateway(stack).get_integrations(ApiId=api_id)["Items"]
    return {
        item["IntegrationUri"].split(":function:")[1].split("/")[0]: item["IntegrationId"]
        for item in items
        if ":function:" in item.get("IntegrationUri", "")
    }


def _integrate(stack: Stack, api_id: str, function: str) -> str:
    created = api_gateway(stack).create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}",
        PayloadFormatVersion="2.0",
    )
    return created["IntegrationId"]
