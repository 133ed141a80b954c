"""A new domain's schema file is found by the checks that read the catalog."""

from pathlib import Path

import pytest

from tests.integration import test_database_grants as grants
from tests.integration.database import look
from tests.integration.own_database import run_scripts

GADGETS = Path(__file__).parents[1] / "support" / "gadgets.sql"


@pytest.fixture(scope="module", autouse=True)
def gadgets(url: str) -> None:
    run_scripts(url, [GADGETS], role="postgres")


def test_a_new_function_is_open_only_to_its_callers(url: str) -> None:
    grants.test_a_function_has_the_callers_of_its_kind(url)

    look(url, "grant execute on function public.repair_gadget to anon")

    with pytest.raises(AssertionError, match="repair_gadget"):
        grants.test_a_function_has_the_callers_of_its_kind(url)
    look(url, "revoke execute on function public.repair_gadget from anon")


def test_a_new_table_is_closed_to_users(url: str) -> None:
    grants.test_users_have_no_rights_on_tables(url)

    look(url, "grant select on public.gadgets to authenticated")

    with pytest.raises(AssertionError, match="gadgets"):
        grants.test_users_have_no_rights_on_tables(url)
    look(url, "revoke select on public.gadgets from authenticated")
