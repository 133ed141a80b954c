-- A claim asks where its mails go, and how their meetings stand (20261121230000).
create or replace view private.email_recipients as
select
    profile.id as user_id,
    profile.first_name,
    wish.updated_at,
    coalesce(profile.email, '') as email,
    coalesce(wish.match_notifications, true) as match_notifications,
    coalesce(wish.session_reminders, true) as session_reminders,
    coalesce(wish.feedback_requests, true) as feedback_requests,
    coalesce(wish.marketing_emails, false) as marketing_emails,
    coalesce(wish.timezone, profile.timezone) as timezone,
    case when wish.user_id is null then time '22:00' else wish.quiet_hours_start end
        as quiet_hours_start,
    case when wish.user_id is null then time '08:00' else wish.quiet_hours_end end
        as quiet_hours_end
from public.user_profiles as profile
left join public.email_preferences as wish on profile.id = wish.user_id;
comment on view private.email_recipients is
'Everybody who gets mail: name, address, and what they want by mail, chosen or by default.';
revoke all on private.email_recipients from public, anon, authenticated, service_role;
grant select on private.email_recipients to service_role;

create or replace view private.email_wishes as
select
    reader.user_id,
    reader.updated_at,
    reader.match_notifications,
    reader.session_reminders,
    reader.feedback_requests,
    reader.marketing_emails,
    reader.timezone,
    reader.quiet_hours_start,
    reader.quiet_hours_end
from private.email_recipients as reader;

-- One page above the row, as for readers (20261121190000).
create index if not exists wingman_sessions_id_hash
on public.wingman_sessions using hash (id);

-- Columns, not the table: the words of two people are no business of a sender.
grant select (id, status, sequence) on public.wingman_sessions to service_role;
