insert into private.notification_kinds (kind, category, lane, can_wait) values
('signup_confirmation', null, 'urgent', false),
('account_invitation', null, 'urgent', false),
('sign_in_link', null, 'urgent', false),
('password_reset', null, 'urgent', false),
('email_change', null, 'urgent', false),
('reauthentication', null, 'urgent', false);

create function public.record_account_emails(
    p_account_id uuid, p_emails jsonb, p_expires_at timestamptz
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_known bigint;
    v_due jsonb;
begin
    -- Requests for one account take turns, so that the count holds.
    perform pg_advisory_xact_lock(hashtextextended(p_account_id::text, 0));
    select count(*) into v_known
    from public.email_logs as email
    where email.account_id = p_account_id and email.created_at > now() - interval '1 hour';
    if v_known >= (select settings.max_hourly_account_emails from private.app_settings as settings) then
        return jsonb_build_object('outcome', 'limited', 'due', '[]'::jsonb);
    end if;

    with recorded as (
        insert into public.email_logs as email (
            account_id, email_template, recipient_email, template_data, dedupe_key, priority
        )
        select
            p_account_id,
            known.kind,
            wanted.address,
            wanted.facts || jsonb_build_object('expires_at', private.iso_utc(p_expires_at)),
            concat_ws(':', known.kind, p_account_id, wanted.occasion),
            known.lane
        from jsonb_to_recordset(p_emails) as wanted (
            kind text, address text, facts jsonb, occasion text
        )
        inner join private.notification_kinds as known on wanted.kind = known.kind
        on conflict (dedupe_key) do nothing
        returning email.id, email.priority
    )

    select
        jsonb_agg(
            jsonb_build_object(
                'channel', 'email', 'id', recorded.id, 'priority', recorded.priority
            )
        ) into v_due
    from recorded;
    return jsonb_build_object(
        'outcome', case when v_due is null then 'repeated' else 'recorded' end,
        'due', coalesce(v_due, '[]'::jsonb)
    );
end;
$$;
comment on function public.record_account_emails is
'Records emails that Supabase Auth asks for, to the addresses that it names; a repeat records
nothing. Beyond the limit of an hour nothing is recorded. Returns what is due now.
Security definer because service_role may not insert emails.';
grant execute on function public.record_account_emails to service_role;
