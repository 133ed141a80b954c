"""Blocks and reports in Postgres: each step is one SQL function of supabase/schemas."""

from functools import partial
from uuid import UUID

from pydantic import TypeAdapter

from wingman.kit.clients.database import Database, Refusals, call, refused_field
from wingman.kit.errors import AccountDeleted, InvalidRequest
from wingman.kit.paging import Page
from wingman.safety import errors
from wingman.safety.models import (
    Block,
    BlockChange,
    NewReport,
    Report,
    Standing,
    WaitingReport,
    WholeReport,
)

# Every SQLSTATE that the functions raise; a test compares them with supabase/schemas.
REFUSALS: Refusals = {
    "WA001": lambda _: AccountDeleted(),
    "WA003": refused_field,
    "WB001": lambda _: InvalidRequest(fields={"user_id": "must be another user"}),
    "WB002": lambda error: errors.DailyBlockLimit(retry_after=int(error.detail or 1)),
    "WB003": lambda _: InvalidRequest(fields={"user_id": "must be another user"}),
    "WB004": lambda error: errors.DailyReportLimit(retry_after=int(error.detail or 1)),
    "WB005": lambda _: errors.ReportNotFound(),
    "WB006": lambda _: errors.UserNotFound(),
    # Named by a function that it shares with other steps; the end of a match passes that limit.
    "WN010": lambda error: errors.DailyBlockLimit(retry_after=int(error.detail or 1)),
}
_call = partial(call, REFUSALS)
_BLOCKS = TypeAdapter(list[Block])
_REPORTS = TypeAdapter(list[WaitingReport])


def block(database: Database, user_id: UUID) -> BlockChange:
    answer = _call(database, "put_block", idempotent=True, p_user_id=str(user_id))
    return BlockChange.model_validate(answer)


def unblock(database: Database, user_id: UUID) -> BlockChange:
    answer = _call(database, "delete_block", idempotent=True, p_user_id=str(user_id))
    return BlockChange.model_validate(answer)


def list_blocks(database: Database, page: Page) -> list[Block]:
    rows = _call(database, "list_blocks", idempotent=True, **page.parameters)
    return _BLOCKS.validate_python(rows)


def report(database: Database, new: NewReport) -> Report:
    answer = _call(
        database,
        "create_report",
        idempotent=True,
        p_user_id=str(new.user_id),
        p_reason=new.reason,
        p_details=new.details,
        p_message_id=str(new.message_id) if new.message_id else None,
        p_photo_id=str(new.photo_id) if new.photo_id else None,
    )
    return Report.model_validate(answer)


def list_reports(database: Database, limit: int) -> list[WaitingReport]:
    return _REPORTS.validate_python(_call(database, "list_reports", idempotent=True, p_limit=limit))


def get_report(database: Database, report_id: UUID) -> WholeReport:
    found = _call(database, "get_report", idempotent=True, p_report_id=str(report_id))
    return WholeReport.model_validate(found)


def dismiss(database: Database, report_id: UUID) -> Standing:
    answer = _call(database, "dismiss_report", idempotent=True, p_report_id=str(report_id))
    return Standing.model_validate(answer)


def hide(database: Database, user_id: UUID) -> Standing:
    answer = _call(database, "hide_user", idempotent=True, p_user_id=str(user_id))
    return Standing.model_validate(answer)


def show(database: Database, user_id: UUID) -> Standing:
    answer = _call(database, "show_user", idempotent=True, p_user_id=str(user_id))
    return Standing.model_validate(answer)


def ban(database: Database, user_id: UUID) -> Standing:
    answer = _call(database, "ban_user", idempotent=True, p_user_id=str(user_id))
    return Standing.model_validate(answer)


def unban(database: Database, user_id: UUID) -> Standing:
    answer = _call(database, "unban_user", idempotent=True, p_user_id=str(user_id))
    return Standing.model_validate(answer)


def unban_address(database: Database, address: str) -> bool:
    return bool(_call(database, "unban_address", idempotent=True, p_address=address))
