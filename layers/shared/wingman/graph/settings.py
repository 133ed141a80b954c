"""Settings of GraphQL."""

from wingman.kit.settings import AppSettings, Environment, means


class GraphSettings(AppSettings):
    """The documents that a deployment answers."""

    graphql_trusted_only: bool = means(
        "Whether only the documents of functions/graphql/documents.json are answered.",
        default=False,
    )

    @property
    def introspection(self) -> bool:
        """Whether clients may read the schema."""
        return self.environment is not Environment.PRODUCTION
