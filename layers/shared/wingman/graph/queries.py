"""The queries, each of which is one call of a service."""

from typing import cast
from uuid import UUID

import strawberry

from wingman.conversations import service as conversations
from wingman.conversations.models import Range
from wingman.discovery import lists
from wingman.discovery import service as discovery
from wingman.discovery.keys import key as discovery_key
from wingman.discovery.limits import DISCOVERY
from wingman.discovery.models import Wanted
from wingman.graph.connections import Connection, connected, page_of, short, size_of
from wingman.graph.context import Asked
from wingman.graph.costs import calls, pages
from wingman.graph.inputs import Near, given
from wingman.graph.types import meetings, others, people
from wingman.kit.paging import cursor_of
from wingman.likes import service as likes
from wingman.likes.models import Direction
from wingman.matches import service as matches
from wingman.matches.models import MatchStatus
from wingman.notifications.devices import service as devices
from wingman.playgrounds import service as playgrounds
from wingman.playgrounds.limits import SEARCHES
from wingman.playgrounds.models import Search
from wingman.profiles import service as users
from wingman.profiles.dogs import service as profiles
from wingman.reputation import service as reputation
from wingman.safety import service as safety
from wingman.sessions import service as sessions
from wingman.sessions.models import SessionStatus

strawberry.enum(Direction)


@strawberry.type
class Query:
    """The data of the caller. Errors have the codes of the REST API in `extensions.code`."""

    @calls()
    def me(self, info: Asked) -> people.User | None:
        """Read your names and timezone."""
        return cast("people.User", users.get(info.context.database))

    @calls()
    def profile(self, info: Asked) -> people.Profile | None:
        """Read your profile, and what is missing before others see it."""
        return cast("people.Profile", profiles.get(info.context.database))

    @calls()
    def preferences(self, info: Asked) -> people.ProfilePreferences | None:
        """Read which dogs you look for."""
        return cast("people.ProfilePreferences", profiles.preferences(info.context.database))

    @calls()
    def card(self, info: Asked, user_id: UUID) -> people.Card | None:
        """Read a user's profile as others see it."""
        return cast("people.Card", profiles.card(info.context.database, user_id))

    @pages(DISCOVERY, discovery=True)
    def discovery(
        self, info: Asked, first: int | None = None, after: str | None = None
    ) -> people.DiscoveryConnection | None:
        """List profiles, the best first. Each of them accepts your like at this moment."""
        context, cache = info.context, lists.cache()
        wanted = given(Wanted, {"limit": size_of(first, 50), "cursor": after})
        found = context.take_lists() or cache.look_up(discovery_key(context.caller_id), {})[1]
        page = discovery.get(context.database, cache, found, wanted).value
        return connected(
            people.DiscoveryConnection,
            context.levels,
            page.profiles,
            page.next_cursor,
            stage=page.stage,
            radius=page.radius,
        )

    @pages()
    def likes(
        self, info: Asked, direction: Direction, first: int | None = None, after: str | None = None
    ) -> Connection[people.Like] | None:
        """List the likes that you gave, or those of users not yet matched or passed."""
        page = page_of(first, after)
        shown, cursor = likes.list_likes(info.context.database, direction, page)
        kind = Connection[people.Like]
        return connected(kind, info.context.levels, shown, cursor, cursor_of)

    @pages()
    def passes(
        self, info: Asked, first: int | None = None, after: str | None = None
    ) -> Connection[people.Pass] | None:
        """List the users whom you have passed in the last 30 days."""
        page = page_of(first, after)
        shown, cursor = likes.list_passes(info.context.database, page)
        kind = Connection[people.Pass]
        return connected(kind, info.context.levels, shown, cursor, cursor_of)

    @pages()
    def matches(
        self,
        info: Asked,
        status: MatchStatus | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[meetings.Match] | None:
        """List your matches, newest first; without a status, all but those that have ended."""
        page = page_of(first, after)
        shown, cursor = matches.list_matches(info.context.database, status, page)
        kind = Connection[meetings.Match]
        return connected(kind, info.context.levels, shown, cursor, cursor_of)

    @calls()
    def match(self, info: Asked, id: UUID) -> meetings.Match | None:  # noqa: A002 - the schema's name
        """Read one of your matches."""
        return cast("meetings.Match", matches.get(info.context.database, id))

    @pages()
    def conversations(
        self, info: Asked, first: int | None = None, after: str | None = None
    ) -> meetings.ConversationConnection | None:
        """List your conversations, that of the newest message first, without hidden ones."""
        page = page_of(first, after)
        found = conversations.list_conversations(info.context.database, page)
        return connected(
            meetings.ConversationConnection,
            info.context.levels,
            found.conversations,
            found.next_cursor,
            cursor_of,
            head=found.head,
        )

    @pages()
    def messages(
        self,
        info: Asked,
        match_id: UUID,
        first: int | None = None,
        after: int | None = None,
        last: int | None = None,
        before: int | None = None,
    ) -> meetings.MessageConnection | None:
        """Read messages in order: the first ones after a `seq`, or the last ones before one."""
        forwards = after is not None or first is not None
        where = {"after_seq": after or 0} if forwards else {"before_seq": before}
        limit = size_of(first if forwards else last)
        wanted = given(Range, {**where, "limit": limit})
        page = conversations.list_messages(info.context.database, match_id, wanted)
        return meetings.messages_of(page, backwards=not forwards, before=before)

    @pages(SEARCHES)
    def playgrounds(
        self,
        info: Asked,
        near: Near | None = None,
        q: str | None = None,
        favourite: bool = False,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[others.Playground] | None:
        """Find playgrounds near a place, by name, or among your favourites; or by all of these."""
        place = vars(near) if near else {}
        wanted = {"q": q, "favourite": favourite, "limit": size_of(first), "cursor": after}
        page = playgrounds.search(info.context.database, given(Search, wanted | place))
        kind = Connection[others.Playground]
        return connected(kind, info.context.levels, page.playgrounds, page.next_cursor)

    @calls()
    def playground(self, info: Asked, id: UUID) -> others.Playground | None:  # noqa: A002
        """Read one that you or another user has added."""
        return cast("others.Playground", playgrounds.get(info.context.database, id))

    @pages()
    def sessions(
        self,
        info: Asked,
        status: SessionStatus | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[meetings.Session] | None:
        """List your meetings, newest first."""
        page = page_of(first, after)
        shown, cursor = sessions.list_sessions(info.context.database, status, page)
        kind = Connection[meetings.Session]
        return connected(kind, info.context.levels, shown, cursor, cursor_of)

    @calls()
    def session(self, info: Asked, id: UUID) -> meetings.Session | None:  # noqa: A002
        """Read a meeting that you are part of."""
        return cast("meetings.Session", sessions.get(info.context.database, id))

    @calls()
    def reputation(self, info: Asked, user_id: UUID) -> people.Reputation | None:
        """Read a user's reputation."""
        context, cache = info.context, reputation.cache()
        _, found = cache.look_up(reputation.key(user_id), {})
        answer = reputation.get(
            context.database, cache, found, user_id, reader_id=context.caller_id
        )
        return cast("people.Reputation", answer.value)

    @pages()
    def notifications(
        self, info: Asked, first: int | None = None, after: str | None = None
    ) -> others.NotificationConnection | None:
        """List what happened, the newest first."""
        # Its texts need the templates of emails, which few requests do.
        from wingman.notifications.feed import service as feed  # noqa: PLC0415

        page = feed.page(info.context.database, size_of(first), short(after))
        return connected(
            others.NotificationConnection,
            info.context.levels,
            page.notifications,
            page.next_cursor,
            unread=page.unread,
        )

    @calls()
    def wanted_pushes(self, info: Asked) -> others.PushPreferences | None:
        """Read which pushes you want."""
        from wingman.notifications.feed import service as feed  # noqa: PLC0415

        return cast("others.PushPreferences", feed.preferences(info.context.database))

    @calls()
    def devices(self, info: Asked) -> list[others.Device] | None:
        """List the devices that get your pushes, without their tokens."""
        return cast("list[others.Device]", devices.own(info.context.database).devices)

    @pages()
    def blocks(
        self, info: Asked, first: int | None = None, after: str | None = None
    ) -> Connection[people.Block] | None:
        """List the users whom you have blocked, newest first."""
        page = page_of(first, after)
        shown, cursor = safety.list_blocks(info.context.database, page)
        kind = Connection[people.Block]
        return connected(kind, info.context.levels, shown, cursor, cursor_of)
