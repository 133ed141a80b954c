-- How often discovery has shown a profile. The counts order lists, and are shown to no user:
-- docs/decisions/038-discovery.md.

create table private.exposures (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    -- Since the profile was complete for the first time. Hiding it for a while changes nothing.
    discoverable_since timestamptz not null default now(),
    shown_ever integer not null default 0,
    counted_on date not null default '-infinity',
    -- On that day: to others, and of others to this user.
    shown integer not null default 0,
    looked_at integer not null default 0
)
-- Each page changes the rows of its profiles, so there is room for their next versions.
with (fillfactor = 50);
comment on table private.exposures is
'How often discovery has shown a profile: ever, and on the last day (UTC) with any.';

alter table private.exposures enable row level security;

create function private.record_exposures(p_viewer_id uuid, p_user_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_today constant date := (now() at time zone 'UTC')::date;
    v_looked_at integer;
begin
    -- No page waits for another one. A row that both count may be counted once.
    update private.exposures as viewer
    set
        counted_on = v_today,
        shown = case viewer.counted_on when v_today then viewer.shown else 0 end,
        looked_at = cardinality(p_user_ids)
        + case viewer.counted_on when v_today then viewer.looked_at else 0 end
    from (
        select free.user_id
        from private.exposures as free
        where free.user_id = p_viewer_id
        for no key update skip locked
    ) as free
    where viewer.user_id = free.user_id
    returning viewer.looked_at into v_looked_at;
    -- So one account cannot use up what is left to many others.
    if v_looked_at > (private.discovery_limits()).most_looked_at then
        return;
    end if;
    update private.exposures as stored
    set
        counted_on = v_today,
        shown_ever = stored.shown_ever + 1,
        shown = 1 + case stored.counted_on when v_today then stored.shown else 0 end,
        looked_at = case stored.counted_on when v_today then stored.looked_at else 0 end
    from (
        select free.user_id
        from private.exposures as free
        where free.user_id = any(p_user_ids) and free.user_id <> p_viewer_id
        for no key update skip locked
    ) as free
    where stored.user_id = free.user_id;
end;
$$;
comment on function private.record_exposures is
'Counts that a page has shown these users to the viewer.';
