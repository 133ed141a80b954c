from uuid import UUID, uuid4

from app.chat import Chat
from app.client import a
from wingman_client import AuthenticatedClient
from wingman_client.api.playgrounds import create_playground, list_playgrounds
from wingman_client.models import DistanceUnit, NewPlayground, Playground, PlaygroundPage


def playgrounds_around(
    api: AuthenticatedClient, latitude: float, longitude: float
) -> list[Playground]:
    """List playgrounds within 2 km, nearest first."""
    found = list_playgrounds.sync(
        client=api,
        latitude=latitude,
        longitude=longitude,
        radius=2,
        unit=DistanceUnit.KILOMETERS,
    )
    return a(PlaygroundPage, found).playgrounds


def add_playground(api: AuthenticatedClient, latitude: float, longitude: float) -> Playground:
    body = NewPlayground(latitude, longitude, "Burggarten", description="A lawn and a fountain.")
    key = str(uuid4())
    return a(Playground, create_playground.sync(client=api, body=body, idempotency_key=key))


def share(chat: Chat, playground_id: UUID) -> None:
    """Send a message with a place instead of text."""
    chat.send(playground_id=str(playground_id))
