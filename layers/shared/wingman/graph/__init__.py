"""GraphQL over the services of all domains."""
