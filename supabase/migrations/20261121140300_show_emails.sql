create or replace function private.email_json(p_email public.email_logs)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_email.id,
        'template', p_email.email_template,
        'subject', p_email.subject,
        'status', p_email.delivery_status,
        'due_at', private.iso_utc(p_email.due_at),
        'sent_at', private.iso_utc(p_email.sent_at),
        'retry_count', p_email.retry_count,
        'error', p_email.error_message,
        'created_at', private.iso_utc(p_email.created_at)
    );
$$;
comment on function private.email_json(public.email_logs) is
'A mail as its reader may see it: no address, nothing of how it is sent.';

create or replace function private.emails_before(
    p_user_id uuid, p_status text, p_limit integer, p_created_at timestamptz, p_id uuid
)
returns setof public.email_logs
language sql
stable
set search_path = ''
as $$
    select mail.*
    from public.email_logs as mail
    where mail.user_id = p_user_id
        and (mail.created_at, mail.id) < (
            coalesce(p_created_at, 'infinity'),
            coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and (p_status is null or mail.delivery_status = p_status)
    order by mail.created_at desc, mail.id desc
    limit p_limit;
$$;

create or replace function public.get_email_status(
    p_status text default null,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    return jsonb_build_object(
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(listed.*::public.email_logs)
                    order by listed.created_at desc, listed.id desc
                ),
                '[]'::jsonb
            )
            from private.emails_before(
                v_caller,
                p_status,
                least(greatest(p_limit, 1), 101),
                p_before_created_at,
                p_before_id
            ) as listed
        ),
        'totals', (
            select coalesce(jsonb_object_agg(counted.status, counted.mails), '{}'::jsonb)
            from (
                select
                    mail.delivery_status as status,
                    count(*) as mails
                from public.email_logs as mail
                where mail.user_id = v_caller
                group by mail.delivery_status
            ) as counted
        )
    );
end;
$$;
comment on function public.get_email_status(text, integer, timestamptz, uuid) is
'The caller''s mails, newest first, at most 101 (a page of 100 and one to know of more), and how
many there are in each status. Security definer because users have no grant on mails.';

revoke all on function private.email_json(public.email_logs)
from public, anon, authenticated, service_role;
revoke all on function private.emails_before(uuid, text, integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
revoke all on function public.get_email_status(text, integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.get_email_status(text, integer, timestamptz, uuid)
to authenticated;
