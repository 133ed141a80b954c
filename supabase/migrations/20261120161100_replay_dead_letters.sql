create or replace function public.replay_dead_letters(
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
comment on function public.replay_dead_letters(uuid[], text, integer) is
'Gives given-up mails their 20 hours anew, under a new key: those that the provider never took. The
rules for sending apply again, so what is no longer wanted or useful is skipped.';

revoke all on function public.replay_dead_letters(uuid[], text, integer)
from public, anon, authenticated, service_role;
grant execute on function public.replay_dead_letters(uuid[], text, integer) to service_role;
