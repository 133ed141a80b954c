create index if not exists wingman_matches_pending_by_end
on public.wingman_matches (expires_at)
where status = 'pending';

create or replace function public.expire_matches(p_limit integer)
returns integer
language sql
security definer
set search_path = ''
as $$
    with
    stale as materialized (
        select pending.id
        from public.wingman_matches as pending
        where pending.status = 'pending' and pending.expires_at <= now()
        order by pending.expires_at
        limit p_limit
        for update skip locked
    ),

    expired as (
        update public.wingman_matches as pending
        set status = 'expired'
        from stale
        where pending.id = stale.id
        returning private.cancel_invitation_email(pending.id)
    )

    select count(*)::integer from expired;
$$;
comment on function public.expire_matches(integer) is
'Marks invitations whose time is over, and takes back the mail of those that could not be sent so
long; to be called until it returns 0. Security definer because workers have no grant on matches.';

revoke all on function public.expire_matches(integer)
from public, anon, authenticated, service_role;
grant execute on function public.expire_matches(integer) to service_role;
