"""/api/user: the caller's own names and timezone."""

from wingman.kit.clients.database import get_user_client
from wingman.kit.http import create_app, lambda_handler, limit
from wingman.kit.http.callers import CurrentUser
from wingman.kit.settings import RedisSettings, SupabaseSettings
from wingman.profiles import service
from wingman.profiles.models import User, UserChanges

PATH = "/api/user"
app = create_app(SupabaseSettings, RedisSettings)


@app.get(PATH, tags=["user"], dependencies=[limit()])
def get_user(caller: CurrentUser) -> User:
    """Read your names and timezone."""
    return service.get(get_user_client(caller.token))


@app.patch(PATH, tags=["user"], dependencies=[limit()])
def update_user(change: UserChanges, caller: CurrentUser) -> User:
    """Change your names or timezone; missing fields stay.

    A name must be visible, must not contain a link or a phone number, and must not mix alphabets
    within a word. Others see your first name where they may not see your profile.
    """
    return service.update(get_user_client(caller.token), change)


handler = lambda_handler(app)
