create or replace function public.erase_email_data()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_erased integer;
begin
    -- What a worker may have handed to the provider can only be settled by the provider's word.
    update public.email_logs as mail
    set
        recipient_email = '',
        subject = null,
        template_data = '{}',
        error_message = null,
        delivery_status = case
            when mail.claimable_at is null then mail.delivery_status
            when mail.send_group is null then 'cancelled'
            else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where mail.user_id = v_caller and mail.recipient_email <> '';
    get diagnostics v_erased = row_count;
    return v_erased;
end;
$$;
comment on function public.erase_email_data() is
'Takes addresses and contents out of the caller''s mails, and sends none of them any more. What the
caller chose stays, and so do suppressions, which are hashes: a "no" outlives an erasure.
Security definer because users have no grant on mails.';

revoke all on function public.erase_email_data() from public, anon, authenticated, service_role;
grant execute on function public.erase_email_data() to authenticated;
