create function private.may_be_replayed(p_mail public.email_logs)
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
grant execute on function private.may_be_replayed to service_role;

create function public.count_dead_letters()
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
comment on function public.count_dead_letters is
'How many mails were given up, of how many nobody knows whether they arrived, and how many of them
became so within an hour.';
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
comment on function public.list_dead_letters is
'Mails that were given up, the newest first; unknown ones may have been delivered.';
grant execute on function public.list_dead_letters to service_role;

create function public.show_dead_letter(p_id uuid)
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
comment on function public.show_dead_letter is
'All that is known of one of them, but for the address: an operator sees its host.';
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
    -- Locked and looked at again: two replays at once are one.
    dead as materialized (
        select mail.id
        from public.email_logs as mail
        where mail.delivery_status = 'failed'
            and (p_ids is null or mail.id = any(p_ids))
            and (p_template is null or mail.email_template = p_template)
            and private.may_be_replayed(mail)
        order by mail.created_at, mail.id
        limit p_limit
        for update skip locked
    )

    update public.email_logs as mail
    set
        delivery_status = 'pending',
        due_at = now(),
        first_due_at = null,
        enqueued_at = null,
        retry_count = 0,
        first_failed_at = null,
        given_up_at = null,
        replay_count = mail.replay_count + 1,
        send_group = null,
        group_position = null,
        group_started_at = null
    from dead
    where mail.id = dead.id
    returning mail.id, mail.priority;
$$;
comment on function public.replay_dead_letters is
'Gives given-up mails their 20 hours anew, under a new key: those that the provider never took. The
rules for sending apply again, so what is no longer wanted or useful is skipped.';
grant execute on function public.replay_dead_letters to service_role;
