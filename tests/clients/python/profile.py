from app.client import a
from wingman_client import AuthenticatedClient
from wingman_client.api.profile import put_location, put_profile
from wingman_client.models import ActivityLevel, Coordinates, NewProfile, OwnProfile, Prompt


def introduce(api: AuthenticatedClient) -> list[str]:
    """Save the profile; return what is missing before others can see it."""
    body = NewProfile(
        display_name="Maya & Bruno",
        age=4,  # the dog's, in years
        bio="Bruno swims in every pond.",
        activity_level=ActivityLevel.HIGH,
        prompts=[Prompt(question="Favourite toy?", answer="The red ball")],
    )
    return a(OwnProfile, put_profile.sync(client=api, body=body)).missing


def locate(api: AuthenticatedClient, latitude: float, longitude: float) -> None:
    """Save the user's location; others see only distances, rounded up."""
    put_location.sync(client=api, body=Coordinates(latitude, longitude))
