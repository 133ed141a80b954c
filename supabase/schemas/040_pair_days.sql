-- A second limit behind those of the API, on what costs another user:
-- docs/decisions/022-backend-key.md.

create table private.pair_days (
    actor_id uuid not null references public.user_profiles (id) on delete cascade,
    partner_id uuid not null references public.user_profiles (id) on delete cascade,
    counted_on date not null,
    plan_count integer not null,
    email_count integer not null,
    primary key (actor_id, partner_id)
);
comment on table private.pair_days is
'The plans and emails that a user has caused another one, on the last day (UTC) with any.';

create index pair_days_of_partner
on private.pair_days (partner_id);

alter table private.pair_days enable row level security;

create function private.count_today(
    p_actor_id uuid, p_partner_id uuid, p_plans integer, p_emails integer
)
returns private.pair_days
language sql
set search_path = ''
as $$
    insert into private.pair_days as known (actor_id, partner_id, counted_on, plan_count, email_count)
    values (p_actor_id, p_partner_id, (now() at time zone 'UTC')::date, p_plans, p_emails)
    on conflict (actor_id, partner_id) do update
        set
            counted_on = excluded.counted_on,
            plan_count = excluded.plan_count + case
                when known.counted_on = excluded.counted_on then known.plan_count else 0
            end,
            email_count = excluded.email_count + case
                when known.counted_on = excluded.counted_on then known.email_count else 0
            end
    returning known.*;
$$;

create function private.seconds_until_tomorrow()
returns integer
language sql
stable
set search_path = ''
as $$
    select 86400 - extract(epoch from now() at time zone 'UTC')::bigint::integer % 86400;
$$;

create function private.count_plan(p_actor_id uuid, p_partner_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_today constant private.pair_days := private.count_today(p_actor_id, p_partner_id, 1, 0);
begin
    perform from private.app_settings as settings
    where v_today.plan_count > settings.max_daily_plans;
    if found then
        raise exception 'daily_plan_limit' using
            errcode = 'WS011', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;
comment on function private.count_plan is
'Counts a plan or a move of a meeting of these two, and refuses one beyond the limit of a day.';

create function private.count_email(p_actor_id uuid, p_reader_id uuid)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    v_today private.pair_days;
begin
    if p_actor_id is null or p_actor_id = p_reader_id then
        return true;
    end if;
    -- A user who is deleting the account is gone already, and no limit may keep them.
    perform from public.user_profiles as actor where actor.id = p_actor_id;
    if not found then
        return true;
    end if;
    v_today := private.count_today(p_actor_id, p_reader_id, 0, 1);
    perform from private.app_settings as settings
    where v_today.email_count > settings.max_daily_emails;
    -- Nor may it keep the two in a match: nothing follows its end.
    if found and not private.has_ended(p_actor_id, p_reader_id) then
        raise exception 'daily_email_limit' using
            errcode = 'WN010', detail = private.seconds_until_tomorrow();
    end if;
    return true;
end;
$$;
comment on function private.count_email is
'Counts an email that one user causes another, and refuses the step beyond the limit of a day. True
otherwise, also for a step of a worker (no actor).';
