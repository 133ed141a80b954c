create index if not exists email_logs_sent
on public.email_logs (sent_at)
where sent_at is not null;

create or replace function public.count_deliveries(p_hours integer)
returns table (delivery_status text, mails bigint)
language sql
stable
set search_path = ''
as $$
    select
        mail.delivery_status,
        count(*)
    from public.email_logs as mail
    where mail.sent_at > now() - make_interval(hours => p_hours)
    group by mail.delivery_status;
$$;
comment on function public.count_deliveries(integer) is
'What became of the mails that the provider accepted in the last hours, by status.';

create or replace function public.count_dead_letters()
returns table (delivery_status text, mails bigint, within_an_hour bigint)
language sql
stable
set search_path = ''
as $$
    select
        mail.delivery_status,
        count(*),
        count(*) filter (where mail.given_up_at > now() - interval '1 hour')
    from public.email_logs as mail
    where mail.delivery_status in ('failed', 'unknown')
    group by mail.delivery_status;
$$;
comment on function public.count_dead_letters() is
'How many mails were given up, of how many nobody knows whether they arrived, and how many of them
became so within an hour.';

revoke all on function public.count_deliveries(integer)
from public, anon, authenticated, service_role;
revoke all on function public.count_dead_letters()
from public, anon, authenticated, service_role;
grant execute on function public.count_deliveries(integer) to service_role;
grant execute on function public.count_dead_letters() to service_role;
