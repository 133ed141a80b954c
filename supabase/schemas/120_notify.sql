create function private.notify(
    p_user_id uuid,
    p_kind text,
    p_facts jsonb,
    p_occasion text,
    p_match_id uuid default null,
    p_subject_id uuid default null,
    p_subject_revision integer default null,
    p_due_at timestamptz default now()
)
returns jsonb
language sql
set search_path = ''
as $$
    with recorded as (
        insert into public.email_logs as email (
            user_id, match_id, subject_id, subject_revision, email_template, recipient_email,
            template_data, dedupe_key, priority, due_at
        )
        select
            profile.id,
            p_match_id,
            p_subject_id,
            p_subject_revision,
            known.kind,
            profile.email,
            jsonb_strip_nulls(p_facts),
            concat_ws(':', known.kind, profile.id, p_occasion),
            known.lane,
            p_due_at
        from public.user_profiles as profile
        inner join private.notification_kinds as known on p_kind = known.kind
        where profile.id = p_user_id
            and profile.email is not null
            and (p_due_at > now() or private.count_email((select auth.uid()), profile.id))
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority, email.due_at
    )

    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'channel', 'email', 'id', recorded.id, 'priority', recorded.priority
            )
        ) filter (where recorded.due_at <= now()),
        '[]'::jsonb
    )
    from recorded;
$$;
comment on function private.notify is
'Notifies a user in the transaction of the step that is the reason, once for each kind and occasion.
Returns what is due now, to be handed to the queues: [] for a user without an address.';
