alter table private.app_settings
add column if not exists email_log_days integer not null default 180;
alter table private.app_settings
drop constraint if exists app_settings_email_log_days_positive;
alter table private.app_settings
add constraint app_settings_email_log_days_positive check (email_log_days >= 30);

-- Rows lie in the table in the order in which they came: a few pages of index for all of them,
-- which no change of a row has to touch.
create index if not exists email_logs_age
on public.email_logs using brin (created_at) with (autosummarize = on);

create or replace function public.prune_email_logs(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_oldest timestamptz;
    v_pruned integer;
begin
    select now() - make_interval(days => settings.email_log_days) into v_oldest
    from private.app_settings as settings;
    delete from public.email_logs as mail
    where mail.id in (
        select old.id
        from public.email_logs as old
        where old.created_at < v_oldest and old.claimable_at is null
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    -- The provider repeats an event for some days, never for a month.
    delete from private.email_events as event
    where event.id in (
        select old.id
        from private.email_events as old
        where old.received_at < now() - interval '30 days'
        order by old.received_at
        limit p_limit
        for update skip locked
    );
    return v_pruned;
end;
$$;
comment on function public.prune_email_logs(integer) is
'Deletes settled mails older than app_settings.email_log_days, up to p_limit of them, and what was
remembered of old events. Security definer because service_role may delete nothing else.';

revoke all on function public.prune_email_logs(integer)
from public, anon, authenticated, service_role;
grant execute on function public.prune_email_logs(integer) to service_role;
