"""CodeDeploy's request, and the answer to it."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal


class Hook(BaseModel):
    """The event of a lifecycle hook.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
    """

    model_config = ConfigDict(alias_generator=to_pascal)

    deployment_id: str = Field(min_length=1)
    lifecycle_event_hook_execution_id: str = Field(min_length=1)


class Version(NamedTuple):
    """A published version of a function."""

    function: str
    number: str


class Status(StrEnum):
    """Two of CodeDeploy's states: requests may reach the version, or never do."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
