create or replace function public.ping()
returns timestamptz
language sql
stable
set search_path = ''
as $$
    select now();
$$;
comment on function public.ping() is 'The database answers: for the health check.';

revoke all on function public.ping() from public, anon, authenticated, service_role;
grant execute on function public.ping() to anon, authenticated, service_role;
