create function private.record_session_email(
    p_template text,
    p_user_id uuid,
    p_session public.wingman_sessions,
    p_due_at timestamptz,
    p_more jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    with recorded as (
        insert into public.email_logs as email (
            user_id, match_id, session_id, email_template, recipient_email, template_data,
            dedupe_key, priority, due_at
        )
        select
            profile.id,
            p_session.match_id,
            p_session.id,
            p_template,
            profile.email,
            jsonb_build_object(
                'session_id', p_session.id,
                'sequence', p_session.sequence,
                'partner_name',
                private.display_name(private.partner_of(p_session, profile.id)),
                'venue_name', p_session.venue_name,
                'scheduled_time', private.iso_utc(p_session.scheduled_time)
            ) || jsonb_strip_nulls(p_more),
            concat_ws(':', p_template, p_session.id, profile.id, p_session.sequence),
            case p_template when 'session_feedback' then 'bulk' else 'urgent' end,
            p_due_at
        from public.user_profiles as profile
        where profile.id = p_user_id and profile.email is not null
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority
    )

    select coalesce(
        jsonb_agg(jsonb_build_object('id', recorded.id, 'priority', recorded.priority)),
        '[]'::jsonb
    )
    from recorded;
$$;
comment on function private.record_session_email is
'Writes one email about a session into the outbox, once for each user and revision of the plan.';

create function private.challenge_words(p_challenge_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        (
            select
                jsonb_build_object(
                    'challenge_title', chosen.title,
                    'challenge_description', chosen.description
                )
            from public.challenges as chosen
            where chosen.id = p_challenge_id
        ),
        '{}'::jsonb
    );
$$;

create function private.announce_session(
    p_template text, p_session public.wingman_sessions, p_more jsonb
)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.record_session_email(
            p_template, p_session.user1_id, p_session, now(),
            p_more || private.challenge_words(p_session.user1_challenge_id)
        ) || private.record_session_email(
            p_template, p_session.user2_id, p_session, now(),
            p_more || private.challenge_words(p_session.user2_challenge_id)
        );
$$;
comment on function private.announce_session is
'Records the email about the plan for both users, each with their own challenge.';

create function private.plan_reminders(p_session public.wingman_sessions)
returns void
language sql
set search_path = ''
as $$
    select
        private.record_session_email(
            reminder.template,
            person.user_id,
            p_session,
            p_session.scheduled_time - reminder.before,
            private.challenge_words(person.challenge_id) - 'challenge_description'
        )
    from (
        values
        ('session_reminder_24h', interval '24 hours'),
        ('session_reminder_2h', interval '2 hours')
    ) as reminder (template, before)
    cross join (
        values
        (p_session.user1_id, p_session.user1_challenge_id),
        (p_session.user2_id, p_session.user2_challenge_id)
    ) as person (user_id, challenge_id)
    where p_session.scheduled_time - reminder.before > now();
$$;
comment on function private.plan_reminders is
'Records the reminders of both users that are still ahead. They are due hours before the start, not
days, because a day on which clocks change has 23 or 25 hours.';

create function private.drop_reminders(p_session_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.session_id = p_session_id
            and email.email_template in ('session_reminder_24h', 'session_reminder_2h')
            and email.claimable_at is not null
            and email.send_group is null
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
$$;
comment on function private.drop_reminders is
'Cancels the reminders of a plan that no longer holds, even those that a worker has leased. A
reminder with a send group may be at the provider already, so it cannot be cancelled.';

create function private.record_feedback_emails(p_session public.wingman_sessions)
returns jsonb
language sql
set search_path = ''
as $$
    select
        private.record_session_email(
            'session_feedback', p_session.user1_id, p_session, now(), '{}'
        ) || private.record_session_email(
            'session_feedback', p_session.user2_id, p_session, now(), '{}'
        );
$$;
