create table private.user_days (
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    step text not null,
    counted_on date not null,
    step_count integer not null,
    primary key (user_id, step)
);
comment on table private.user_days is
'How often a user has taken a step on the last day (UTC) with any. Rows of a step cannot be counted:
they may be deleted again.';

alter table private.user_days enable row level security;

create function private.count_step(p_user_id uuid, p_step text)
returns integer
language sql
set search_path = ''
as $$
    insert into private.user_days as known (user_id, step, counted_on, step_count)
    values (p_user_id, p_step, (now() at time zone 'UTC')::date, 1)
    on conflict (user_id, step) do update
        set
            counted_on = excluded.counted_on,
            step_count = 1 + case
                when known.counted_on = excluded.counted_on then known.step_count else 0
            end
    returning known.step_count;
$$;
comment on function private.count_step is
'Counts a step, and returns how many the user has taken today. A step that fails counts nothing.';
