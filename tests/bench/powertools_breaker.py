"""Powertools' breaker in the same outage, its state in moto's DynamoDB."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3

from tests.bench.outage import STARTS_AT, Guarded, Outage, Plan
from tests.bench.references import find_references
from tests.bench.simulation import Simulation

TABLE = "circuits"
# Explicit, because a stack's environment sets another AWS endpoint, which moto does not mock.
MOCKED = "https://dynamodb.us-east-1.amazonaws.com"


class PerContainer(threading.local):
    """Powertools' module state, kept per thread: each simulated container is a thread."""

    def get(self, name: str, default: Any = None) -> Any:
        return self.__dict__.get(name, default)

    def __setitem__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value


def live_through(plan: Plan, config: Mapping[str, Any]) -> Outage:
    """Run Powertools' breakers through an outage with this configuration."""
    find_references()
    from aws_lambda_powertools.utilities.circuit_breaker import CircuitBreakerConfig
    from moto import mock_aws

    outage = Outage(plan)
    with patch.dict(os.environ, _ACCOUNT), mock_aws(), _clock_of(outage.simulation):
        client = boto3.client("dynamodb", endpoint_url=MOCKED)
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        settings = CircuitBreakerConfig(**config)
        outage.run([_container(client, settings) for _ in range(plan.containers)])
    return outage


_ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def _container(client: Any, config: Any) -> Guarded:
    from aws_lambda_powertools.utilities.circuit_breaker import (
        CircuitBreakerOpenError,
        circuit_breaker,
    )
    from aws_lambda_powertools.utilities.circuit_breaker.persistence import (
        CircuitBreakerDynamoDBPersistence,
    )

    store = CircuitBreakerDynamoDBPersistence(TABLE, boto3_client=client)

    @circuit_breaker(name="supabase", persistence_store=store, config=config)
    def call(dependency: Callable[[], None]) -> None:
        dependency()

    def request(dependency: Callable[[], None]) -> None:
        with suppress(CircuitBreakerOpenError):
            call(dependency)

    return request


@contextmanager
def _clock_of(simulation: Simulation) -> Iterator[None]:
    from aws_lambda_powertools.utilities.circuit_breaker import base
    from aws_lambda_powertools.utilities.circuit_breaker.persistence import base as store
    from aws_lambda_powertools.utilities.circuit_breaker.persistence import dynamodb

    def now() -> datetime:
        return datetime.fromtimestamp(STARTS_AT + simulation.now, UTC)

    simulated = SimpleNamespace(datetime=SimpleNamespace(now=now))
    with (
        patch.object(base, "dt", simulated),
        patch.object(store, "dt", simulated),
        patch.object(dynamodb, "dt", simulated),
        patch.object(base, "_LOCAL_FAILURES", PerContainer()),
        patch.object(base, "_LOCAL_SUCCESSES", PerContainer()),
        patch.object(base, "_LAST_OBSERVED_STATE", PerContainer()),
    ):
        yield
