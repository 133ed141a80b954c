"""/api/email: the caller's email preferences, email status, data export and erasure."""

from http import HTTPStatus
from typing import Annotated

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import PageQuery, create_app, lambda_handler, limit
from wingman.kit.http.callers import Owner
from wingman.kit.paging import page_at
from wingman.kit.presence.activity import activity
from wingman.kit.presence.logins import logins
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.notifications.email.readers import history, preferences
from wingman.notifications.email.readers.history import DeliveryStatus, EmailExport, EmailStatusPage
from wingman.notifications.email.readers.preferences import EmailPreferences, PreferenceChanges

from fastapi import Query, Response

app = create_app(SupabaseSettings, RedisSettings)


@app.get("/api/email/preferences/{user_id}", tags=["email"], dependencies=[limit()])
def get_email_preferences(caller: Owner) -> EmailPreferences:
    """Read which emails you get and when; these are defaults until you change something."""
    return preferences.get(get_user_client(caller.token))


@app.put("/api/email/preferences/{user_id}", tags=["email"], dependencies=[limit()])
def change_email_preferences(changes: PreferenceChanges, caller: Owner) -> EmailPreferences:
    """Change some preferences; missing fields stay. Queued emails obey the change, too."""
    return preferences.change(get_user_client(caller.token), changes)


@app.get("/api/email/status/{user_id}", tags=["email"], dependencies=[limit()])
def list_emails(
    caller: Owner, page: PageQuery, status: DeliveryStatus | None = None
) -> EmailStatusPage:
    """List your emails and their delivery status, newest first."""
    return history.status(get_user_client(caller.token), status, page)


@app.get("/api/email/export/{user_id}", tags=["email"], dependencies=[limit()])
def export_email_data(
    caller: Owner, response: Response, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> EmailExport:
    """Export all data about your emails: up to 1000 emails, and older ones by `cursor`.

    The export includes your feedback on sessions, and your active hours, which decide when emails
    are sent.
    """
    response.headers["Content-Disposition"] = 'attachment; filename="email-data.json"'
    page = page_at(history.EXPORTED_AT_ONCE, cursor)
    database = get_user_client(caller.token)
    return history.export(database, activity(), logins(), caller.id, page)


@app.delete(
    "/api/email/data/{user_id}",
    tags=["email"],
    status_code=HTTPStatus.NO_CONTENT,
    response_class=Response,
    dependencies=[limit()],
)
def erase_email_data(caller: Owner) -> None:
    """Erase the addresses and contents of your emails, and cancel all waiting emails.

    This also erases your feedback on sessions, and your active hours, which decide when emails are
    sent. Your opt-outs remain, and an address that bounced stays blocked, as a hash.
    """
    history.erase(get_user_client(caller.token), activity(), logins(), caller.id)


handler = lambda_handler(app)
