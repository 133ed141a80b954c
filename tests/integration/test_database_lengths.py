"""Every text, array and document of a function for users has a maximum, checked before all else."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.integration.connections import Row
from tests.integration.database import Actor, Person, acting_as, call, invitation, look, sqlstate

TOO_LONG = "WA004"
_CALLABLE = """
select
    func.proname as name,
    array(
        select jsonb_build_object('name', argument.name, 'type', argument.type::regtype::text)
        from unnest(func.proargtypes::oid[], func.proargnames[1:func.pronargs])
            with ordinality as argument (type, name, place)
        order by argument.place
    ) as arguments
from pg_proc as func
where func.pronamespace = 'public'::regnamespace
    and (
        has_function_privilege('authenticated', func.oid, 'execute')
        or has_function_privilege('anon', func.oid, 'execute')
    )
order by func.proname
"""
# Types of a fixed size.
_BOUNDED = {"uuid", "integer", "bigint", "double precision", "timestamp with time zone", "boolean"}
_HUGE: dict[str, Any] = {
    "text": "x" * 1_000_000,
    "text[]": ["x" * 20] * 50_000,
    "uuid[]": [uuid4()] * 50_000,
    "jsonb": '{"timezone": "%s"}' % ("x" * 1_000_000),
}


def functions(url: str) -> list[Row]:
    return look(url, _CALLABLE)


def refused(url: str, actor: Actor, name: str, arguments: list[Row], huge: str) -> str | None:
    """Call a function with one huge argument and nothing in the others; return the SQLSTATE."""
    values = [_HUGE[each["type"]] if each["name"] == huge else None for each in arguments]
    casts = [sql.SQL("%s::{}").format(sql.SQL(each["type"])) for each in arguments]
    statement = sql.SQL("select public.{}({})").format(
        sql.Identifier(name), sql.SQL(", ").join(casts)
    )
    with acting_as(url, actor) as connection:
        try:
            connection.execute(statement, values)
        except psycopg.Error as error:
            return error.sqlstate
    return None


def test_a_huge_argument_is_refused_by_every_function(url: str, maya: Person) -> None:
    found = {}
    for function in functions(url):
        for argument in function["arguments"]:
            if argument["type"] not in _BOUNDED:
                code = refused(url, maya, function["name"], function["arguments"], argument["name"])
                found[f"{function['name']}({argument['name']})"] = code

    assert len(found) >= 21
    assert {place: code for place, code in found.items() if code != TOO_LONG} == {}


@pytest.mark.parametrize(
    ("argument", "most"),
    [
        ("p_venue_suggestion", 200),
        ("p_note", 500),
        ("p_idempotency_key", 255),
        ("p_request_hash", 64),
    ],
)
def test_a_text_may_have_its_maximum_and_one_character_more_is_refused(
    url: str, maya: Person, leo: Person, argument: str, most: int
) -> None:
    longer = invitation(leo, **{argument: "ü" * (most + 1)})
    assert sqlstate(url, maya, "request_match", **longer) == (TOO_LONG, "argument_too_long")
    assert (
        look(url, "select 1 from private.idempotency_keys where user_id = %s", maya.user_id) == []
    )

    call(url, maya, "request_match", **invitation(leo, **{argument: "ü" * most}))
