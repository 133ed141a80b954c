create or replace function public.export_email_data(
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
        'suppression', (
            select jsonb_build_object(
                'reason', found.reason,
                'created_at', private.iso_utc(found.created_at)
            )
            from public.email_suppressions as found
            where found.address_hash = private.address_hash(v_address)
        ),
        'emails', (
            select coalesce(
                jsonb_agg(
                    private.email_json(listed.*::public.email_logs) || jsonb_build_object(
                        'recipient', listed.recipient_email,
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
comment on function public.export_email_data(integer, timestamptz, uuid) is
'All that is stored about the caller''s mail, newest first, in parts of up to 1001 mails.
Security definer because users have no grant on mails and suppressions.';

revoke all on function public.export_email_data(integer, timestamptz, uuid)
from public, anon, authenticated, service_role;
grant execute on function public.export_email_data(integer, timestamptz, uuid) to authenticated;
