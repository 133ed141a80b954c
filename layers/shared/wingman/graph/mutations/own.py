"""Steps that concern the caller alone."""

from typing import cast
from uuid import UUID

import strawberry

from wingman.graph import inputs
from wingman.graph.context import Asked
from wingman.graph.costs import Manner, calls
from wingman.graph.inputs import given
from wingman.graph.types import others, people
from wingman.notifications.devices import service as devices
from wingman.notifications.devices.limits import REGISTRATIONS
from wingman.notifications.devices.models import NewDevice
from wingman.notifications.feed.models import PushPreferencesChanges
from wingman.playgrounds import service as playgrounds
from wingman.playgrounds.limits import NEW_PLAYGROUNDS
from wingman.playgrounds.models import NewPlayground, PlaygroundChanges
from wingman.profiles import service as users
from wingman.profiles.dogs import service as profiles
from wingman.profiles.dogs.limits import LOCATION
from wingman.profiles.dogs.models import (
    Coordinates,
    NewProfile,
    ProfileChanges,
    ProfilePreferenceChanges,
)
from wingman.profiles.models import UserChanges


@strawberry.type
class OwnMutations:
    """Changes of what is the caller's own."""

    @calls()
    def update_user(self, info: Asked, changes: inputs.UserChanges) -> people.User | None:
        """Change your names or timezone; missing fields stay."""
        changed = users.update(info.context.database, given(UserChanges, changes))
        return cast("people.User", changed)

    @calls()
    def put_profile(self, info: Asked, profile: inputs.ProfileInput) -> people.Profile | None:
        """Create your profile, or replace it: a missing field gets its default."""
        stored = profiles.put(info.context.database, given(NewProfile, profile))
        return cast("people.Profile", stored.profile)

    @calls()
    def change_profile(self, info: Asked, changes: inputs.ProfileChanges) -> people.Profile | None:
        """Change your profile; missing fields stay."""
        changed = profiles.change(info.context.database, given(ProfileChanges, changes))
        return cast("people.Profile", changed)

    @calls()
    def put_profile_preferences(
        self, info: Asked, changes: inputs.ProfilePreferenceChanges
    ) -> people.ProfilePreferences | None:
        """Change which dogs you look for; missing fields stay."""
        wanted = given(ProfilePreferenceChanges, changes)
        changed = profiles.change_preferences(info.context.database, wanted)
        return cast("people.ProfilePreferences", changed)

    @calls(LOCATION, Manner.REFUNDED)
    def put_location(
        self, info: Asked, latitude: float, longitude: float
    ) -> people.Location | None:
        """Say where you are. Others learn it only to about a kilometre."""
        place = given(Coordinates, {"latitude": latitude, "longitude": longitude})
        return cast("people.Location", profiles.put_location(info.context.database, place))

    @calls()
    def delete_location(self, info: Asked) -> bool | None:
        """Forget where you are, which takes your profile out of discovery."""
        profiles.delete_location(info.context.database)
        return True

    @calls(NEW_PLAYGROUNDS, Manner.REFUNDED)
    def create_playground(
        self, info: Asked, playground: inputs.PlaygroundInput
    ) -> others.Playground | None:
        """Add a playground, which all users find. Yours alone to change and delete."""
        context, new = info.context, given(NewPlayground, playground)
        added = playgrounds.create(context.database, new, key=context.key)
        context.replayed = added.replayed
        return cast("others.Playground", added.playground)

    @calls()
    def change_playground(
        self, info: Asked, playground_id: UUID, changes: inputs.PlaygroundChanges
    ) -> others.Playground | None:
        """Change a playground that you have added; missing fields stay."""
        wanted = given(PlaygroundChanges, changes)
        changed = playgrounds.change(info.context.database, playground_id, wanted)
        return cast("others.Playground", changed)

    @calls()
    def delete_playground(self, info: Asked, playground_id: UUID) -> bool | None:
        """Delete a playground that you have added."""
        playgrounds.delete(info.context.database, playground_id)
        return True

    @calls()
    def put_favourite_playground(self, info: Asked, playground_id: UUID) -> bool | None:
        """Make a playground one of your favourites."""
        playgrounds.put_favourite(info.context.database, playground_id)
        return True

    @calls()
    def delete_favourite_playground(self, info: Asked, playground_id: UUID) -> bool | None:
        """Take a playground out of your favourites."""
        playgrounds.delete_favourite(info.context.database, playground_id)
        return True

    @calls()
    def put_notifications_read(self, info: Asked, until: UUID) -> bool | None:
        """Mark a notification, and all that are older, as read."""
        from wingman.notifications.feed import service as feed  # noqa: PLC0415 - as in Query

        feed.read(info.context.database, until)
        return True

    @calls()
    def put_push_preferences(
        self, info: Asked, changes: inputs.PushPreferenceChanges
    ) -> others.PushPreferences | None:
        """Choose which pushes you want; missing fields stay."""
        from wingman.notifications.feed import service as feed  # noqa: PLC0415 - as in Query

        wanted = given(PushPreferencesChanges, changes)
        return cast(
            "others.PushPreferences", feed.change_preferences(info.context.database, wanted)
        )

    @calls(REGISTRATIONS)
    def put_device(
        self, info: Asked, device_id: UUID, device: inputs.DeviceInput
    ) -> others.Device | None:
        """Register a device for pushes, under an id of your own. Do so at each start of the app."""
        registered = devices.put(info.context.database, device_id, given(NewDevice, device))
        return cast("others.Device", registered)

    @calls()
    def delete_device(self, info: Asked, device_id: UUID) -> bool | None:
        """Forget a device: it gets no more pushes."""
        devices.delete(info.context.database, device_id)
        return True
