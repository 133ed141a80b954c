alter table public.email_logs
add column if not exists replay_count integer not null default 0,
add column if not exists given_up_at timestamptz;

create or replace function private.stamp_given_up()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.given_up_at := now();
    return new;
end;
$$;
revoke all on function private.stamp_given_up() from public, anon, authenticated, service_role;

create or replace trigger stamp_given_up
before update on public.email_logs
for each row
when (
    new.delivery_status in ('failed', 'unknown')
    and old.delivery_status is distinct from new.delivery_status
)
execute function private.stamp_given_up();

create index if not exists email_logs_dead_letters
on public.email_logs (created_at desc, id desc)
where delivery_status in ('failed', 'unknown');

create or replace function private.may_be_replayed(p_mail public.email_logs)
returns boolean
language sql
stable
set search_path = ''
as $$
    -- Nothing that the provider may have taken, and nobody whose address was erased.
    select p_mail.delivery_status = 'failed'
        and p_mail.sent_at is null
        and p_mail.resend_message_id is null
        and p_mail.recipient_email <> ''
        and not exists (
            select 1
            from public.email_logs as member
            where member.send_group = p_mail.send_group and member.claimable_at is not null
        );
$$;

create or replace function public.list_dead_letters(
    p_limit integer, p_template text default null
)
returns table (
    id uuid,
    email_template text,
    priority text,
    delivery_status text,
    error_message text,
    created_at timestamptz,
    due_at timestamptz,
    first_failed_at timestamptz,
    given_up_at timestamptz,
    retry_count integer,
    replay_count integer,
    replayable boolean
)
language sql
stable
set search_path = ''
as $$
    select
        mail.id,
        mail.email_template,
        mail.priority,
        mail.delivery_status,
        mail.error_message,
        mail.created_at,
        mail.due_at,
        mail.first_failed_at,
        mail.given_up_at,
        mail.retry_count,
        mail.replay_count,
        private.may_be_replayed(mail)
    from public.email_logs as mail
    where mail.delivery_status in ('failed', 'unknown')
        and (p_template is null or mail.email_template = p_template)
    order by mail.created_at desc, mail.id desc
    limit p_limit;
$$;
comment on function public.list_dead_letters(integer, text) is
'Mails that were given up, the newest first; unknown ones may have been delivered.';

create or replace function public.show_dead_letter(p_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select (to_jsonb(mail.*) - 'recipient_email' - 'claimable_at' - 'lease_token')
        || jsonb_build_object(
            'recipient', regexp_replace(mail.recipient_email, '^(.).*@', '\1…@'),
            'replayable', private.may_be_replayed(mail)
        )
    from public.email_logs as mail
    where mail.id = p_id and mail.delivery_status in ('failed', 'unknown');
$$;
comment on function public.show_dead_letter(uuid) is
'All that is known of one of them, but for the address: an operator sees its host.';

revoke all on function private.may_be_replayed(public.email_logs)
from public, anon, authenticated, service_role;
revoke all on function public.list_dead_letters(integer, text)
from public, anon, authenticated, service_role;
revoke all on function public.show_dead_letter(uuid)
from public, anon, authenticated, service_role;
grant execute on function private.may_be_replayed(public.email_logs) to service_role;
grant execute on function public.list_dead_letters(integer, text) to service_role;
grant execute on function public.show_dead_letter(uuid) to service_role;
