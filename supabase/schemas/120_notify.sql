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
language plpgsql
set search_path = ''
as $$
declare
    v_dedupe_key constant text := concat_ws(':', p_kind, p_user_id, p_occasion);
    v_kind private.notification_kinds;
    v_address text;
    v_due jsonb;
begin
    select known.* into strict v_kind
    from private.notification_kinds as known
    where known.kind = p_kind;
    select profile.email into v_address
    from public.user_profiles as profile
    where profile.id = p_user_id;
    if not found then
        return '[]'::jsonb;
    end if;
    if p_due_at <= now() then
        perform private.count_email((select auth.uid()), p_user_id);
    end if;

    with recorded as (
        insert into public.email_logs as email (
            user_id, match_id, subject_id, subject_revision, email_template, recipient_email,
            template_data, dedupe_key, priority, due_at
        )
        select
            p_user_id,
            p_match_id,
            p_subject_id,
            p_subject_revision,
            p_kind,
            v_address,
            jsonb_strip_nulls(p_facts),
            v_dedupe_key,
            v_kind.lane,
            p_due_at
        where v_kind.by_email and v_address is not null and not private.is_held(v_dedupe_key)
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority, email.due_at
    )

    select
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'channel', 'email', 'id', recorded.id, 'priority', recorded.priority
                )
            ) filter (where recorded.due_at <= now()),
            '[]'::jsonb
        ) into v_due
    from recorded;
    if v_kind.in_feed then
        v_due := v_due || private.list_notification(
            v_kind, p_user_id, p_facts, v_dedupe_key, p_match_id, p_subject_id, p_subject_revision,
            p_due_at
        );
    end if;
    return v_due;
end;
$$;
comment on function private.notify is
'Notifies a user in the transaction of the step that is the reason, once for each kind and occasion:
by email if the user has an address, in the list, and by push, as the kind says. Returns what is due
now, to be handed to the queues.';
