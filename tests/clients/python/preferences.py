from uuid import UUID

from wingman_client import AuthenticatedClient
from wingman_client.api.email import change_email_preferences
from wingman_client.api.notifications import put_push_preferences
from wingman_client.api.profile import put_profile_preferences
from wingman_client.models import (
    DistanceUnit,
    PreferenceChanges,
    ProfilePreferenceChanges,
    PushPreferencesChange,
    QuietHours,
)


def choose(api: AuthenticatedClient, user_id: UUID) -> None:
    """Change preferences: each call accepts any subset, and returns all of them."""
    dogs = ProfilePreferenceChanges(
        min_age=1, max_age=9, max_distance=10, distance_unit=DistanceUnit.KILOMETERS
    )
    put_profile_preferences.sync(client=api, body=dogs)

    pushes = PushPreferencesChange(messages=True, message_previews=False)
    put_push_preferences.sync(client=api, body=pushes)

    emails = PreferenceChanges(
        marketing_emails=False, quiet_hours=QuietHours(start="22:00", end="07:00")
    )
    change_email_preferences.sync(user_id, client=api, body=emails)
