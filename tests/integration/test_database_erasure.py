"""Each table about users is covered by the deletion of an account, read from the catalog."""

from tests.integration.database import WORKER, Person, call, look

# Erased by a trigger or a schedule, where a foreign key would be wrong.
ERASED_OTHERWISE = {
    "private.departures": "rows are added when an account is deleted, and kept for a minute or two",
    "private.sign_in_attempts": "private.forget_attempts leaves keyed hashes, for 90 days",
}
# Tables with a column for the id of a user, whatever its name.
_ABOUT_USERS = """
select distinct format('%%s.%%s', spaces.nspname, tables.relname) as name
from pg_attribute as columns
inner join pg_class as tables on columns.attrelid = tables.oid
inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
where tables.relkind = 'r'
    and spaces.nspname in ('public', 'private')
    and columns.attnum > 0
    and columns.atttypid in ('uuid'::regtype, 'uuid[]'::regtype)
    and (
        columns.attname ~ 'user[12]?_ids?$'
        or columns.attname ~ '^(account|actor|blocked|blocker|initiator|owner)_ids?$'
        or columns.attname ~ '^(partner|reported|reporter|sender|viewer)_ids?$'
        or columns.attname ~ '_by$'
    )
order by 1
"""
_COVERED = """
with recursive covered (id) as (
    values ('auth.users'::regclass::oid)
    union
    select rule.conrelid
    from covered
    inner join pg_constraint as rule on covered.id = rule.confrelid
    where rule.contype = 'f' and rule.confdeltype in ('c', 'n')
)
select format('%%s.%%s', spaces.nspname, tables.relname) as name
from covered
inner join pg_class as tables on covered.id = tables.oid
inner join pg_namespace as spaces on tables.relnamespace = spaces.oid
"""


def test_each_table_about_users_ends_with_the_account_or_says_how(url: str) -> None:
    about = {row["name"] for row in look(url, _ABOUT_USERS)}
    covered = {row["name"] for row in look(url, _COVERED)}

    assert {"public.messages", "public.wingman_sessions", "private.reports"} <= about
    assert about - covered == set(ERASED_OTHERWISE)


def test_a_table_without_a_way_to_erase_it_is_found(url: str) -> None:
    look(url, "create table private.whims (user_id uuid primary key)")

    about = {row["name"] for row in look(url, _ABOUT_USERS)}
    covered = {row["name"] for row in look(url, _COVERED)}

    look(url, "drop table private.whims")
    assert "private.whims" in about - covered


def test_held_keys_are_kept_for_30_days(url: str, maya: Person) -> None:
    for days in (29, 31):
        look(
            url,
            "insert into private.held_notifications (dedupe_key, user_id, held_at)"
            " values (%s, %s, now() - make_interval(days => %s))",
            *(f"{days} days", maya.user_id, days),
        )

    call(url, WORKER, "prune_notifications", p_limit=10)

    kept = look(url, "select dedupe_key from private.held_notifications")
    assert [row["dedupe_key"] for row in kept] == ["29 days"]
