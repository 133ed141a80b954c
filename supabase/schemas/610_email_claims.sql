create function private.handed_over(
    p_user_ids uuid[], p_since timestamptz, p_own_lease uuid
)
returns table (user_id uuid, given_at timestamptz[])
language sql
rows 100
set search_path = ''
as $$
    select
        given.user_id,
        array_agg(given.at)
    from (
        select
            email.user_id,
            email.group_started_at as at
        from unnest(p_user_ids) as reader (id)
        inner join public.email_logs as email on reader.id = email.user_id
        where email.group_started_at > p_since
            and email.delivery_status not in ('failed', 'cancelled')
        union all
        -- Another worker is about to send these. The claim has removed expired leases.
        select
            email.user_id,
            now() as at
        from private.email_leases as lease
        cross join lateral unnest(lease.email_ids) as held (id)
        inner join public.email_logs as email on held.id = email.id
        where cardinality(p_user_ids) > 0
            and lease.token <> p_own_lease
            and email.user_id = any(p_user_ids)
    ) as given
    group by given.user_id;
$$;
comment on function private.handed_over is
'When emails of some users last went to the provider, for the daily cap. Volatile on purpose: it
must see what was leased while the calling claim waited for its turn.';
grant execute on function private.handed_over to service_role;

create function private.is_unread(p_user_id uuid, p_match_id uuid, p_seq integer)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return private.shows_conversation(p_user_id, p_match_id)
        and not private.has_seen(p_user_id, p_match_id, p_seq);
end;
$$;
comment on function private.is_unread is
'Whether a user sees a message, and has not read it yet.
Security definer because workers have no grant on conversations.';
grant execute on function private.is_unread to service_role;

create function public.claim_emails(
    p_ids uuid[],
    p_lease_seconds integer,
    p_look_back interval default '2 days',
    p_limit integer default null
)
returns table (
    id uuid,
    lease_token uuid,
    send_group uuid,
    group_position integer,
    group_started_at timestamptz,
    user_id uuid,
    email_template text,
    recipient_email text,
    priority text,
    template_data jsonb,
    retry_count integer,
    due_at timestamptz,
    recipient_first_name text,
    timezone text,
    category text,
    wanted boolean,
    can_wait boolean,
    quiet_hours_start time,
    quiet_hours_end time,
    suppressed boolean,
    last_error text,
    handed_over timestamptz[],
    created_at timestamptz,
    holds boolean,
    email_frequency text,
    request_id text
)
language sql
set search_path = ''
as $$
    -- A statement sees what was committed when it began, so waiting is a statement of its own. Then
    -- the next one reads the newest address, preferences and subject.
    select private.take_turn(p_ids, p_limit);

    with
    leased as materialized (
        select
            (found.email).*,
            found.lease_token as token
        from private.lease_emails(p_ids, p_lease_seconds, p_limit) as found
    ),

    -- New emails that can wait. The sender decides when they leave.
    waiting as (
        select
            array_agg(distinct leased.user_id) as readers,
            min(leased.token::text)::uuid as lease_token
        from leased
        where leased.priority = 'bulk' and leased.send_group is null
    ),

    -- Few rows, read once.
    kinds as materialized (
        select
            known.kind,
            known.can_wait,
            known.void_in,
            known.tied_to_revision,
            topic
        from private.notification_kinds as known
        left join private.email_categories as topic on known.category = topic.category
    ),

    given as materialized (
        select handed.*
        from waiting
        cross join private.handed_over(
            coalesce(waiting.readers, '{}'), now() - p_look_back, waiting.lease_token
        ) as handed
    )

    select
        email.id,
        email.token,
        email.send_group,
        email.group_position,
        email.group_started_at,
        coalesce(email.user_id, email.account_id),
        email.email_template,
        goes.address,
        email.priority,
        email.template_data,
        email.retry_count,
        coalesce(email.first_due_at, email.due_at),
        reader.first_name,
        reader.timezone,
        (known.topic).category,
        coalesce(private.is_wanted(reader.choices, known.topic), true),
        known.can_wait,
        reader.quiet_hours_start,
        reader.quiet_hours_end,
        -- A complaint stops what the reader can do without, but no password reset.
        suppression.address_hash is not null
        and (email.account_id is null or suppression.reason <> 'complained'),
        email.error_message,
        case
            when email.priority = 'bulk' and email.send_group is null
                then coalesce(given.given_at, '{}')
            else '{}'
        end,
        email.created_at,
        case
            when email.email_template = 'unread_messages'
                then private.is_unread(email.user_id, email.match_id, email.subject_revision)
            else subject.id is null or (
                subject.status <> all(known.void_in)
                and (
                    not known.tied_to_revision
                    or coalesce(email.subject_revision, subject.revision) >= subject.revision
                )
            )
        end,
        coalesce(reader.email_frequency, 'immediate'),
        email.request_id
    from leased as email
    left join private.email_recipients as reader on email.user_id = reader.user_id
    -- Left, although each email has its kind: an inner join is estimated at a tenth of the rows.
    left join kinds as known on email.email_template = known.kind
    -- A repeated request must equal the first, so it goes to the same address, as long as its user
    -- has an address at all. Supabase Auth names the address of an account.
    cross join lateral (
        select
            case
                when email.account_id is not null then email.recipient_email
                when email.send_group is null or reader.email = '' then reader.email
                else email.recipient_email
            end as address
    ) as goes
    left join private.notification_subjects as subject on email.subject_id = subject.id
    left join given on email.user_id = given.user_id
    left join public.email_suppressions as suppression
        on suppression.address_hash = private.address_hash(goes.address)
    order by 3 asc nulls last, 4 asc, 12 asc, 1 asc;
$$;
comment on function public.claim_emails is
'Leases due emails to the calling worker, with everything that it needs to decide and render. With a
limit, the ids only name the lane, because a queue message is a hint that something is due there. An
email that can wait (bulk) comes with the times of what its user was sent during p_look_back.
`wanted`: the user wants its category. `holds`: what it says is still so. `due_at` is when it became
due, before any retry.';
grant execute on function public.claim_emails to service_role;
