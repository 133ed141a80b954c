create or replace function private.forget_match_emails()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    update public.email_logs as mail
    set
        template_data = '{}',
        subject = null,
        delivery_status = case
            when mail.claimable_at is null then mail.delivery_status
            when mail.send_group is null then 'cancelled'
            else 'unknown'
        end,
        lease_token = null,
        lease_expires_at = null
    where mail.match_id = old.id;
    return old;
end;
$$;
comment on function private.forget_match_emails() is
'A deleted account takes its matches along. The other person keeps the delivery log of their own
mails, without the names and words in them; what was not sent yet is not sent any more.';
revoke all on function private.forget_match_emails()
from public, anon, authenticated, service_role;

create or replace trigger forget_match_emails
before delete on public.wingman_matches
for each row execute function private.forget_match_emails();
