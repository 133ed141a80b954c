"""Tips from the cache or, within a daily budget, from the model.

All users share tips for a challenge; those about a session or a question are cached per user.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache as once
from uuid import UUID

from wingman.coach import repository, rules
from wingman.coach.dependencies import ANTHROPIC
from wingman.coach.errors import DailyTipsLimit, MalformedAdvice
from wingman.coach.models import Ask, FoundTips, Prompt, Tips, TipsAnswer, TipsCache
from wingman.coach.provider import TIMEOUT_SECONDS, Coach
from wingman.kit.cache.cache import Ages, Cache
from wingman.kit.clients.database import Database
from wingman.kit.clients.redis import redis
from wingman.kit.clock import time_left, utc_now
from wingman.kit.errors import DependencyUnavailable
from wingman.kit.limits.limiter import Limiter, limiter
from wingman.kit.limits.policy import Policy
from wingman.kit.observability import count, logger

_HOURS = 3600
KEPT_SECONDS = 6 * _HOURS  # within this time the phase of a meeting hardly changes
_LEASE_SECONDS = 2 * TIMEOUT_SECONDS
AGES = Ages(due=KEPT_SECONDS, fresh=KEPT_SECONDS, gone=KEPT_SECONDS, lease=_LEASE_SECONDS)
_ATTEMPTS = 2
# An attempt with less time than this would probably fail, and would cost the same.
_FAIR_SECONDS = 5.0


@once
def cache() -> TipsCache:
    return Cache(redis(), limiter(), Tips, AGES)


def key(ask: Ask, user_id: UUID, model: str) -> str:
    """Return a cache key that does not reveal the question."""
    private = ask.session_id is not None or ask.question is not None
    owner = str(user_id) if private else "all"
    asked = f"{owner}\n{model}\n{rules.INSTRUCTIONS}\n{ask.model_dump_json()}"
    return f"coach:tips:{hashlib.sha256(asked.encode()).hexdigest()}"


def tips(
    database: Database,
    coach: Callable[[], Coach],
    limiter: Limiter,
    cache: TipsCache,
    found: FoundTips,
    ask: Ask,
    *,
    budget: Mapping[str, Policy],
    now: Callable[[], datetime] = utc_now,
) -> TipsAnswer:
    """Return tips from the cache, or charge the budget and ask; refunds what was not served."""

    def compute() -> Tips:
        context = repository.context(database, ask.challenge_id, ask.session_id)
        prompt = rules.prompt(context, ask, now())
        _charge(limiter, budget)
        try:
            return _asked(coach(), prompt)
        except DependencyUnavailable:
            limiter.give_back(budget)
            raise
        except MalformedAdvice:  # not refunded: the provider charges for it
            raise DependencyUnavailable(ANTHROPIC.name) from None

    return cache.answer(found, compute)


def _charge(limiter: Limiter, budget: Mapping[str, Policy]) -> None:
    for verdict in limiter.take(budget):
        if verdict.refuses:
            raise DailyTipsLimit(verdict.retry_after_seconds)


def _asked(coach: Coach, prompt: Prompt) -> Tips:
    """Ask at most twice for an answer of the requested form. Raises MalformedAdvice."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            reply = coach.ask(prompt)
            answer = Tips(tips=rules.tips_of(reply.text), model=reply.model)
        except MalformedAdvice as error:
            count("CoachMalformed")
            logger().warning("coach.malformed", extra={"reason": str(error), "attempt": attempt})
            if attempt == _ATTEMPTS or time_left() < _FAIR_SECONDS:
                raise
        except DependencyUnavailable:
            if attempt == 1:
                raise
            # Not a DependencyUnavailable, which would refund the first answer.
            raise MalformedAdvice("the second attempt failed") from None
        else:
            logger().info("coach.advised", extra={"tips": len(answer.tips), "attempt": attempt})
            return answer
    raise AssertionError("the last attempt returns or raises")
