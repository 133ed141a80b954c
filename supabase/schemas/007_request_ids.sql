create function private.request_id()
returns text
language sql
stable
set search_path = ''
as $$
    -- Cut to what an id may be: it is shown to operators, and sent back to the functions.
    select substring(
        nullif(current_setting('request.headers', true), '')::json ->> 'x-caller-request-id',
        '^[A-Za-z0-9_=.:-]{1,128}$'
    );
$$;
comment on function private.request_id is
'The id of the request or schedule that our functions serve with this call; null for any other.';
grant execute on function private.request_id to service_role;
