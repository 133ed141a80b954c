"""A model of likes, matches, messages and discovery without a database, for a few users.

It keeps what each user said about each other user, and derives the rest.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.support.trilateration import Place

STAGES = ("preferred", "wider", "anywhere")
# Distances between them differ from every radius by far more than a cell.
PLACES = {
    "home": Place(52.5219, 13.4132),
    "next door": Place(52.5217, 13.4136),
    "suburb": Place(52.4630, 13.3270),
    "town": Place(52.3989, 13.0657),
    "city": Place(53.5503, 9.9928),
    "overseas": Place(40.7128, -74.0060),
}
Pair = tuple[str, str]
"""One user and another, in the direction of what the first said."""


class RefusedError(Exception):
    """The step is forbidden; the message is the code."""


def refusal_of(step: Callable[[], object]) -> str | None:
    try:
        step()
    except RefusedError as refused:
        return str(refused)
    return None


@dataclass
class User:
    """A dog and its owner."""

    age: int
    place: str | None = "home"
    visible: bool = True
    hidden: bool = False
    min_age: int = 0
    max_age: int = 20
    reach: float = 40_233.6

    @property
    def is_published(self) -> bool:
        return self.visible and self.place is not None

    @property
    def is_discoverable(self) -> bool:
        return self.is_published and not self.hidden


@dataclass
class Match:
    """An invitation or a mutual like, and what became of it."""

    initiator: str
    other: str
    status: str
    origin: str
    senders: list[str | None] = field(default_factory=list, compare=False)
    """The senders of its messages, in order."""

    def is_of(self, one: str, other: str) -> bool:
        return {one, other} == {self.initiator, self.other}

    def partner_of(self, who: str) -> str:
        return self.other if who == self.initiator else self.initiator


@dataclass
class Model:
    """Everything that the users did."""

    users: dict[str, User]
    likes: set[Pair] = field(default_factory=set)
    passes: set[Pair] = field(default_factory=set)
    blocks: set[Pair] = field(default_factory=set)
    matches: list[Match] = field(default_factory=list)
    histories: list[tuple[str, list[str | None]]] = field(default_factory=list)
    """The senders in matches whose other user has left; None stands for the deleted user."""
    since: dict[Pair, int] = field(default_factory=dict)
    """The number of the like or pass in force; a repetition keeps the first number."""

    # --- derived state

    def match(self, one: str, other: str, *statuses: str) -> Match | None:
        found = [each for each in self.matches if each.is_of(one, other)]
        return next((each for each in found if each.status in statuses), None)

    def verdicts(self, viewer: str, names: Iterable[str]) -> dict[str, tuple[object, ...]]:
        """Return for each user: exists for the viewer, is visible, and why a like is refused."""
        asked = (self.exists_for, self.may_see, self.like_refusal)
        return {name: tuple(each(viewer, name) for each in asked) for name in names}

    def exists_for(self, viewer: str, user: str) -> bool:
        if viewer == user:
            return True
        if user not in self.users or {(viewer, user), (user, viewer)} & self.blocks:
            return False
        return not self.users[user].hidden or self.match(viewer, user, "accepted") is not None

    def may_see(self, viewer: str, user: str) -> bool:
        """Return whether the profile of a user exists for another one."""
        if viewer == user:
            return True
        if not self.exists_for(viewer, user):
            return False
        if self.match(viewer, user, "accepted"):
            return True
        return self.users[user].is_discoverable

    def like_refusal(self, viewer: str, user: str) -> str | None:
        if viewer == user:
            return "cannot_like_yourself"
        if not self.may_see(viewer, user):
            return "not_found"
        if self.match(viewer, user, "ended"):
            return "match_ended"
        known = self.match(viewer, user, "accepted") or (viewer, user) in self.likes
        if not known and not self.users[viewer].is_published:
            return "profile_incomplete"
        return None

    def may_be_shown(self, viewer: str, user: str) -> bool:
        """Return whether a page may show the user, provided that the pair fits."""
        both = {(viewer, user), (user, viewer)}
        return (
            self.like_refusal(viewer, user) is None
            and all(self.users[each].is_discoverable for each in (viewer, user))
            and (viewer, user) not in self.likes
            and not both & self.passes
            and not self.match(viewer, user, "pending", "accepted")
        )

    def fits(self, viewer: str, user: str, stage: str) -> bool:
        """Return whether the user is on a list of that stage, or of one before it.

        The other user's wishes apply in every stage; the distance limits of both widen together.
        """
        mine, other = self.users[viewer], self.users[user]
        assert mine.place
        assert other.place
        metres = PLACES[mine.place].metres_to(PLACES[other.place])
        years = 0 if stage == "preferred" else 2
        times = {"preferred": 1, "wider": 2, "anywhere": math.inf}[stage]
        return (
            mine.min_age - years <= other.age <= mine.max_age + years
            and other.min_age <= mine.age <= other.max_age
            and metres <= times * min(mine.reach, other.reach)
        )

    def check_published(self, viewer: str) -> None:
        if not self.users[viewer].is_published:
            _refuse("profile_incomplete")

    def check_page(self, viewer: str, expired: bool) -> None:
        self.check_published(viewer)
        if expired:
            _refuse("cursor_expired")

    def proposals(self, viewer: str) -> tuple[str, set[str]]:
        """Return the stage of a new list, and the users on it."""
        if not self.users[viewer].is_discoverable:
            return STAGES[0], set()
        allowed = {user for user in self.users if self.may_be_shown(viewer, user)}
        for stage in STAGES:
            if found := {user for user in allowed if self.fits(viewer, user, stage)}:
                return stage, found
        return STAGES[-1], set()

    # --- what users do

    def like(self, who: str, whom: str) -> None:
        _refuse(self.like_refusal(who, whom))
        self.passes.discard((who, whom))
        self._add(self.likes, (who, whom))
        if self.match(who, whom, "accepted"):
            return
        if (whom, who) in self.likes and self.may_see(whom, who):
            if invitation := self.match(who, whom, "pending"):
                invitation.status = "accepted"
            else:
                self.matches.append(Match(whom, who, "accepted", "mutual_like"))

    def unlike(self, who: str, whom: str) -> None:
        self.likes.discard((who, whom))
        match = self.match(who, whom, "accepted")
        if match and match.origin == "mutual_like":
            self._end(match)

    def pass_on(self, who: str, whom: str) -> None:
        if who == whom:
            _refuse("cannot_pass_yourself")
        if not self.may_see(who, whom):
            _refuse("not_found")
        self.unlike(who, whom)
        self._add(self.passes, (who, whom))

    def undo(self, who: str, whom: str) -> None:
        if self.may_see(who, whom) and self.match(who, whom, "ended"):
            _refuse("match_ended")
        self.passes.discard((who, whom))

    def unmatch(self, who: str, match: Match) -> None:
        if not self.exists_for(who, match.partner_of(who)):
            _refuse("not_found")
        if match.status not in {"accepted", "ended"}:
            _refuse("match_not_accepted")
        self._end(match)

    def block(self, who: str, whom: str) -> None:
        self.blocks.add((who, whom))
        if match := self.match(who, whom, "pending"):
            match.status = "withdrawn" if match.initiator == who else "declined"
        if match := self.match(who, whom, "accepted"):
            match.status = "ended"
        self._forget_likes(who, whom)

    def unblock(self, who: str, whom: str) -> None:
        self.blocks.discard((who, whom))

    def invite(self, who: str, whom: str) -> None:
        if not self.exists_for(who, whom) or not self.exists_for(whom, who):
            _refuse("not_found")
        if self.match(who, whom, "ended"):
            _refuse("match_ended")
        if self.match(who, whom, "pending", "accepted"):
            _refuse("match_already_open")
        if self.match(who, whom, "declined"):
            _refuse("recently_declined")
        if Match(who, whom, "withdrawn", "invitation") in self.matches:
            _refuse("recently_withdrawn")
        self.matches.append(Match(who, whom, "pending", "invitation"))

    def answer(self, match: Match, accepts: bool) -> None:
        if not self.exists_for(match.other, match.initiator):
            _refuse("not_found")
        match.status = "accepted" if accepts else "declined"

    def write(self, who: str, match: Match) -> None:
        if not self.exists_for(who, match.partner_of(who)):
            _refuse("not_found")
        if match.status != "accepted":
            _refuse("match_not_active")
        match.senders.append(who)

    def check_readable(self, who: str, match: Match) -> None:
        if match.status != "accepted" or not self.exists_for(who, match.partner_of(who)):
            _refuse("not_found")

    def conversations(self) -> list[tuple[list[str], list[str | None]]]:
        """Return the members of each conversation, and the senders of its messages."""
        both = [
            (sorted((each.initiator, each.other)), each.senders)
            for each in self.matches
            if each.senders
        ]
        return sorted([*both, *(([who], senders) for who, senders in self.histories)], key=str)

    def leave(self, who: str) -> None:
        """Delete the account."""
        self.histories = [each for each in self.histories if each[0] != who] + [
            (each.partner_of(who), [None if one == who else one for one in each.senders])
            for each in self.matches
            if who in {each.initiator, each.other} and each.senders and each.status == "accepted"
        ]
        del self.users[who]
        for said in (self.likes, self.passes, self.blocks):
            said -= {pair for pair in said if who in pair}
        self.matches = [each for each in self.matches if who not in {each.initiator, each.other}]

    # --- mechanics

    def _add(self, said: set[Pair], pair: Pair) -> None:
        if pair not in said:
            said.add(pair)
            self.since[pair] = self.since.get(pair, 0) + 1

    def _end(self, match: Match) -> None:
        match.status = "ended"
        self._forget_likes(match.initiator, match.other)

    def _forget_likes(self, one: str, other: str) -> None:
        self.likes -= {(one, other), (other, one)}


def _refuse(code: str | None) -> None:
    if code:
        raise RefusedError(code)
