create function private.shown_subject(p_email public.email_logs)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    if p_email.match_id is null then
        return p_email.subject;
    end if;
    return (
        select p_email.subject
        from public.wingman_matches as pair
        where pair.id = p_email.match_id and private.partner_exists(pair, p_email.user_id)
    );
end;
$$;
comment on function private.shown_subject is
'The subject, unless it may name a user who no longer exists for the reader.';

create function private.email_json(p_email public.email_logs)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_email.id,
        'template', p_email.email_template,
        'subject', private.shown_subject(p_email),
        'status', p_email.delivery_status,
        'due_at', private.iso_utc(p_email.due_at),
        'sent_at', private.iso_utc(p_email.sent_at),
        'retry_count', p_email.retry_count,
        'error', p_email.error_message,
        'created_at', private.iso_utc(p_email.created_at)
    );
$$;
comment on function private.email_json is
'An email as its user sees it, without the address and the details of sending.';

create function private.emails_before(
    p_user_id uuid, p_status text, p_limit integer, p_created_at timestamptz, p_id uuid
)
returns setof public.email_logs
language sql
stable
set search_path = ''
as $$
    select email.*
    from public.email_logs as email
    where email.user_id = p_user_id
        and (email.created_at, email.id) < (
            coalesce(p_created_at, 'infinity'),
            coalesce(p_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and (p_status is null or email.delivery_status = p_status)
    order by email.created_at desc, email.id desc
    limit p_limit;
$$;

create function public.get_email_status(
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
    perform private.check_length(char_length(p_status), 20);
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
            select coalesce(jsonb_object_agg(counted.status, counted.emails), '{}'::jsonb)
            from (
                select
                    email.delivery_status as status,
                    count(*) as emails
                from public.email_logs as email
                where email.user_id = v_caller
                group by email.delivery_status
            ) as counted
        )
    );
end;
$$;
comment on function public.get_email_status is
'The caller''s emails, newest first, at most 101 (a page of 100, and one more that shows whether
another page follows), and how many there are in each status.
Security definer because users have no grant on the outbox.';
grant execute on function public.get_email_status to authenticated;

create function private.suppression_json(p_address text)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'reason', found.reason, 'created_at', private.iso_utc(found.created_at)
    )
    from public.email_suppressions as found
    where found.address_hash = private.address_hash(p_address);
$$;
comment on function private.suppression_json is
'Why and since when an address gets no email; null if it does.';

create function public.export_email_data(
    p_limit integer default 1000,
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
    v_address text;
begin
    select profile.email into v_address
    from public.user_profiles as profile
    where profile.id = v_caller;
    return jsonb_build_object(
        'user_id', v_caller,
        'address', v_address,
        'preferences', private.email_preferences_json(v_caller),
        'suppression', private.suppression_json(v_address),
        'feedback', private.feedback_of(v_caller),
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(listed.*::public.email_logs) || jsonb_build_object(
                        'recipient', listed.recipient_email,
                        'opened_at', private.iso_utc(listed.opened_at),
                        'data', listed.template_data
                    )
                    order by listed.created_at desc, listed.id desc
                ),
                '[]'::jsonb
            )
            from private.emails_before(
                v_caller,
                null,
                least(greatest(p_limit, 1), 1001),
                p_before_created_at,
                p_before_id
            ) as listed
        )
    );
end;
$$;
comment on function public.export_email_data is
'All stored data about the caller''s emails, newest first, in parts of up to 1001 emails, and their
feedback.
Security definer because users have no grant on the outbox and on suppressions.';
grant execute on function public.export_email_data to authenticated;

create function public.erase_email_data()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_erased integer;
begin
    -- An email that may be at the provider becomes unknown until the provider reports it.
    update public.email_logs as email
    set
        recipient_email = '',
        subject = null,
        template_data = '{}',
        error_message = null,
        opened_at = null,
        delivery_status = case
            when email.claimable_at is null then email.delivery_status
            when email.send_group is null then 'cancelled'
            else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where email.user_id = v_caller and email.recipient_email <> '';
    get diagnostics v_erased = row_count;
    delete from public.email_logs as email
    where email.account_id = v_caller and email.claimable_at is null;
    delete from public.meeting_feedback as given
    where given.user_id = v_caller;
    return v_erased;
end;
$$;
comment on function public.erase_email_data is
'Erases the caller''s feedback, and addresses and contents of their emails, and cancels those that
were not sent.
Preferences stay, and so do suppressions, which are hashes: opting out outlives an erasure.
Security definer because users have no grant on the outbox.';
grant execute on function public.erase_email_data to authenticated;

create function private.export_email(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'preferences', private.email_preferences_json(p_user_id),
        'suppression', private.suppression_json(
            (select profile.email from public.user_profiles as profile where profile.id = p_user_id)
        ),
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(email) || jsonb_build_object(
                        'recipient', email.recipient_email,
                        'opened_at', private.iso_utc(email.opened_at),
                        -- The facts of an email about the account are a token or a code.
                        'data', case when email.account_id is null then email.template_data end
                    )
                    order by email.created_at
                ),
                '[]'::jsonb
            )
            from public.email_logs as email
            where email.user_id = p_user_id or email.account_id = p_user_id
        )
    );
$$;
comment on function private.export_email is
'The emails in the export of an account, those about the account itself included.';
