"""/api/realtime/tickets: permission to open a connection."""

from typing import Annotated

from wingman.kit.http import Gate, create_app, gate, lambda_handler
from wingman.kit.http.callers import CurrentUser
from wingman.kit.http.idempotency import created
from wingman.kit.settings import RedisSettings, TokenSettings, load
from wingman.realtime import tickets
from wingman.realtime.limits import TICKETS
from wingman.realtime.settings import TicketSettings
from wingman.realtime.tickets import Ticket

from fastapi import Response

app = create_app(TokenSettings, RedisSettings, TicketSettings)


@app.post("/api/realtime/tickets", tags=["conversations"], status_code=201)
def create_ticket(
    caller: CurrentUser, limits: Annotated[Gate, gate(TICKETS)], response: Response
) -> Ticket:
    """Get a ticket for one connection: open `url` with the parameter `ticket` within 30 seconds.

    It works once. Send a ping every `heartbeat_s`, and open the next connection with a new ticket
    before `max_age_s` have passed.
    """
    holder = tickets.holder(caller.id, caller.session_id, caller.token, caller.expires_at)
    ticket, step = tickets.issuing(holder)
    limits.run(step)
    url = load(TicketSettings).realtime_url
    created(response, url, replayed=False)
    return Ticket.of(holder, url, ticket)


handler = lambda_handler(app)
