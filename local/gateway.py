"""Adds the API's routes and CORS rules: the emulator ignores SAM's OpenAPI body."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from local import template
from local.aws import Aws
from local.template import Route

if TYPE_CHECKING:
    from types_boto3_apigatewayv2 import ApiGatewayV2Client

# The account of the emulator.
ACCOUNT = "000000000000"
# `AutoPublishAlias` in template.yaml: requests reach a function only through it.
ALIAS = "live"


def imitate(
    aws: Aws, stack_name: str, api_id: str, built: dict[str, Any], origins: list[str]
) -> None:
    """Give the API the routes and the CORS rules of a built template."""
    synchronise(aws, stack_name, api_id, template.routes(built))
    cors = built["Resources"]["Api"]["Properties"]["CorsConfiguration"]
    allow_origins(aws, api_id, cors, origins)


def synchronise(aws: Aws, stack_name: str, api_id: str, wanted: Iterable[Route]) -> None:
    """Give the API exactly these routes."""
    functions = _function_names(aws, stack_name)
    targets = {route.key: f"{functions[route.function]}:{ALIAS}" for route in wanted}
    client = aws.api_gateway()  # shared: creating a client takes longer than its calls
    existing = _integrations(client, api_id)
    arn = f"arn:aws:lambda:{aws.region}:{ACCOUNT}:function"
    integrations = {
        name: existing.get(name) or _integrate(client, api_id, f"{arn}:{name}")
        for name in set(targets.values())
    }
    _reroute(client, api_id, {key: integrations[name] for key, name in targets.items()})
    for name, integration in existing.items():
        if name not in integrations:
            client.delete_integration(ApiId=api_id, IntegrationId=integration)


def allow_origins(aws: Aws, api_id: str, cors: Mapping[str, Any], origins: list[str]) -> None:
    aws.api_gateway().update_api(
        ApiId=api_id,
        CorsConfiguration={
            "AllowOrigins": origins,
            "AllowMethods": cors["AllowMethods"],
            "AllowHeaders": cors["AllowHeaders"],
            "ExposeHeaders": cors["ExposeHeaders"],
            "MaxAge": cors["MaxAge"],
        },
    )


def _reroute(client: "ApiGatewayV2Client", api_id: str, wanted: dict[str, str]) -> None:
    for route in client.get_routes(ApiId=api_id)["Items"]:
        integration = wanted.get(route["RouteKey"])
        if integration and route.get("Target") == f"integrations/{integration}":
            del wanted[route["RouteKey"]]
        else:
            client.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for key, integration in wanted.items():
        client.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{integration}")


def _function_names(aws: Aws, stack_name: str) -> dict[str, str]:
    pages = aws.cloud_formation().get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack_name)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def _integrations(client: "ApiGatewayV2Client", api_id: str) -> dict[str, str]:
    items = client.get_integrations(ApiId=api_id)["Items"]
    return {
        item["IntegrationUri"].split(":function:")[1].split("/")[0]: item["IntegrationId"]
        for item in items
        if ":function:" in item.get("IntegrationUri", "")
    }


def _integrate(client: "ApiGatewayV2Client", api_id: str, function: str) -> str:
    created = client.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )
    return created["IntegrationId"]
