-- PostgREST serves `public` only: what lies here can be reached through our functions alone.
create schema if not exists private;
comment on schema private is 'Not exposed: tables and helpers behind the functions in public.';

revoke all on schema private from public, anon, authenticated, service_role;
-- The worker functions run as service_role itself and call helpers in here.
grant usage on schema private to service_role;
