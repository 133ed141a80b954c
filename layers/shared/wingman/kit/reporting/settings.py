"""Settings of error reports."""

from wingman.kit.settings import Settings, means

# https://docs.sentry.io/concepts/key-terms/dsn-explainer/
DSN = (
    r"https?://[A-Za-z0-9]{1,64}@[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._-]{1,64}){0,4}/[0-9]{1,20}"
)


class ReportingSettings(Settings):
    """Sentry, or what speaks its protocol."""

    sentry_dsn: str = means(
        "Where errors are reported: a project's DSN in Sentry. Empty: nowhere.",
        default="",
        max_length=500,
        pattern=rf"^({DSN})?$",
    )
