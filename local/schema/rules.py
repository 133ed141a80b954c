"""Supabase's rules of security and performance: its CLI's, and some that the CLI lacks."""

from collections.abc import Iterator
from pathlib import Path

import psycopg

from local.supabase_cli import Finding, advisors

_QUERY = Path(__file__).with_name("rules.sql")
_CATALOGUE = "refers to a few rows that only migrations remove"
# Arithmetic for thousands of candidates; with a search_path set, it takes ten times as long.
INLINED = (
    *("iso_utc", "metres_between", "metres_in", "pair_reasons", "pair_score", "photo_failed"),
    *("photo_json", "satisfaction", "stage_of_pair", "traits_of", "utc_day"),
)
# The rule, or the rule and one object → why it does not apply.
EXEMPT = {
    "unused_index": "no query has run yet in the database of a check",
    "rls_enabled_no_policy": "a table without policies and grants is closed to users",
    "authenticated_security_definer_function_executable": "such functions are the API of users",
    "anon_security_definer_function_executable list_challenges": "visitors read no table",
    "anon_security_definer_function_executable check_backend_key": "PostgREST asks it as any role",
    **{
        f"function_search_path_mutable {name}": "all that it names is built in or qualified"
        for name in INLINED
    },
    "unindexed_foreign_keys notification_kinds_category_fkey": _CATALOGUE,
    "unindexed_foreign_keys notification_kinds_lane_fkey": _CATALOGUE,
    "unindexed_foreign_keys email_logs_email_template_fkey": _CATALOGUE,
    "unindexed_foreign_keys notifications_kind_fkey": _CATALOGUE,
    "unindexed_foreign_keys challenge_submissions_challenge_id_fkey": _CATALOGUE,
    "unindexed_foreign_keys wingman_sessions_user1_challenge_id_fkey": _CATALOGUE,
    "unindexed_foreign_keys wingman_sessions_user2_challenge_id_fkey": _CATALOGUE,
}


def broken(url: str) -> Iterator[str]:
    """Yield violations without an exemption, and exemptions that are not needed."""
    unneeded = set(EXEMPT)
    for finding in (*advisors(url), *_newer(url)):
        exemptions = EXEMPT.keys() & {finding.rule, f"{finding.rule} {finding.object}"}
        unneeded -= exemptions
        if not exemptions:
            yield f"{finding.rule}: {finding.detail}"
    yield from (f"nothing needs the exemption from {each}: remove it" for each in sorted(unneeded))


def _newer(url: str) -> Iterator[Finding]:
    with psycopg.connect(url) as connection:
        for row in connection.execute(_QUERY.read_bytes()):
            yield Finding(*row)
