create function private.may_be_replayed(p_email public.email_logs)
returns boolean
language sql
stable
set search_path = ''
as $$
    -- False if the provider may have accepted it, if it has no address, or if its token was erased,
    -- as in emails about accounts.
    select p_email.delivery_status = 'failed'
        and p_email.sent_at is null
        and p_email.resend_message_id is null
        and p_email.recipient_email <> ''
        and p_email.account_id is null
        and not exists (
            select 1
            from public.email_logs as member
            where member.send_group = p_email.send_group and member.claimable_at is not null
        );
$$;
grant execute on function private.may_be_replayed to service_role;

create function public.count_dead_letters()
returns table (delivery_status text, emails bigint, within_an_hour bigint)
language sql
stable
set search_path = ''
as $$
    select
        email.delivery_status,
        count(*),
        count(*) filter (where email.given_up_at > now() - interval '1 hour')
    from public.email_logs as email
    where email.delivery_status in ('failed', 'unknown')
    group by email.delivery_status;
$$;
comment on function public.count_dead_letters is
'How many emails were given up (failed) or may have arrived (unknown), and how many of them within
the last hour.';
grant execute on function public.count_dead_letters to service_role;

create function public.list_dead_letters(
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
        email.id,
        email.email_template,
        email.priority,
        email.delivery_status,
        email.error_message,
        email.created_at,
        email.due_at,
        email.first_failed_at,
        email.given_up_at,
        email.retry_count,
        email.replay_count,
        private.may_be_replayed(email)
    from public.email_logs as email
    where email.delivery_status in ('failed', 'unknown')
        and (p_template is null or email.email_template = p_template)
    order by email.created_at desc, email.id desc
    limit p_limit;
$$;
comment on function public.list_dead_letters is
'Emails that were given up, newest first. Unknown ones may have arrived.';
grant execute on function public.list_dead_letters to service_role;

create function public.show_dead_letter(p_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select (to_jsonb(email.*) - 'recipient_email' - 'claimable_at' - 'lease_token')
        || jsonb_build_object(
            'recipient', regexp_replace(email.recipient_email, '^(.).*@', '\1…@'),
            'replayable', private.may_be_replayed(email)
        )
    from public.email_logs as email
    where email.id = p_id and email.delivery_status in ('failed', 'unknown');
$$;
comment on function public.show_dead_letter is
'Everything about a dead letter. Of its address an operator sees the first letter and the host.';
grant execute on function public.show_dead_letter to service_role;

create function public.replay_dead_letters(
    p_ids uuid[], p_template text default null, p_limit integer default 1000
)
returns table (id uuid, priority text)
language sql
rows 100
set search_path = ''
as $$
    with
    -- A lock checks the conditions again, so two simultaneous replays are one.
    dead as materialized (
        select email.id
        from public.email_logs as email
        where email.delivery_status = 'failed'
            and (p_ids is null or email.id = any(p_ids))
            and (p_template is null or email.email_template = p_template)
            and private.may_be_replayed(email)
        order by email.created_at, email.id
        limit p_limit
        for update skip locked
    )

    update public.email_logs as email
    set
        delivery_status = 'pending',
        due_at = now(),
        first_due_at = null,
        enqueued_at = null,
        retry_count = 0,
        first_failed_at = null,
        given_up_at = null,
        replay_count = email.replay_count + 1,
        send_group = null,
        group_position = null,
        group_started_at = null
    from dead
    where email.id = dead.id
    returning email.id, email.priority;
$$;
comment on function public.replay_dead_letters is
'Sends given-up emails again that the provider never accepted, with another 20 hours and a new key.
The rules for sending apply, so an email that is no longer wanted or useful is skipped.';
grant execute on function public.replay_dead_letters to service_role;
