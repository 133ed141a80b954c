"""SQL statements with which `make demo` lets time pass."""

LATER = """
update public.email_logs as email
set
    created_at = email.created_at - %(passed)s,
    group_started_at = email.group_started_at - %(passed)s,
    sent_at = email.sent_at - %(passed)s
where email.user_id = any(%(people)s) and email.claimable_at is null
"""
REMIND = """
update public.email_logs
set due_at = now()
where subject_id = %(session_id)s and email_template = 'session_reminder_24h'
"""
BEGIN = """
with begun as (
    update public.wingman_sessions
    set scheduled_time = now() - interval '1 hour'
    where id = %(session_id)s
    returning scheduled_time
)

update public.email_logs
set
    template_data = template_data || jsonb_build_object('scheduled_time', begun.scheduled_time),
    due_at = begun.scheduled_time - interval '2 hours'
from begun
where subject_id = %(session_id)s and email_template = 'session_reminder_2h'
"""
AS_PLANNED = """
update public.email_logs
set template_data = template_data || jsonb_build_object('scheduled_time', %(planned)s::text)
where subject_id = %(session_id)s
    and email_template = 'session_feedback'
    and delivery_status = 'pending'
    and due_at > now()
"""
NEXT_MORNING = """
update public.email_logs
set due_at = now()
where subject_id = %(session_id)s
    and email_template = 'session_feedback'
    and delivery_status = 'pending'
"""
