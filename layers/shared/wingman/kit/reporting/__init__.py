"""Reports of errors to Sentry: docs/decisions/047-tracing.md."""
