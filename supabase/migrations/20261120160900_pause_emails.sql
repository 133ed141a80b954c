create or replace function public.pause_emails(
    p_priorities text[], p_until timestamptz, p_reason text
)
returns integer
language sql
set search_path = ''
as $$
    with paused as (
        update private.email_lanes as lane
        set
            paused_until = p_until,
            paused_reason = p_reason
        where lane.priority = any(p_priorities)
            and coalesce(lane.paused_until < p_until, true)
        returning lane.priority
    )

    select count(*)::integer from paused;
$$;
comment on function public.pause_emails(text[], timestamptz, text) is
'Stops lanes until then, with the reason; a pause that ends later already stays as it is.';

create or replace function public.resume_emails(p_priorities text[])
returns integer
language sql
set search_path = ''
as $$
    with resumed as (
        update private.email_lanes as lane
        set
            paused_until = null,
            paused_reason = null
        where lane.priority = any(p_priorities) and lane.paused_until is not null
        returning lane.priority
    )

    select count(*)::integer from resumed;
$$;
comment on function public.resume_emails(text[]) is
'Lets lanes go on at once, as an operator does who has mended the cause of a pause.';

revoke all on function public.pause_emails(text[], timestamptz, text)
from public, anon, authenticated, service_role;
revoke all on function public.resume_emails(text[])
from public, anon, authenticated, service_role;
grant execute on function public.pause_emails(text[], timestamptz, text) to service_role;
grant execute on function public.resume_emails(text[]) to service_role;
