"""The address of CodeDeploy."""

from wingman.kit.settings import AwsSettings, Url, means


class ReleaseSettings(AwsSettings):
    """Where deployments are."""

    aws_endpoint_url_codedeploy: Url | None = means(
        "Endpoint of an emulator of CodeDeploy.", default=None
    )
