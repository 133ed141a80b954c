create table public.wingman_matches (
    id uuid primary key default gen_random_uuid(),
    user1_id uuid not null references public.user_profiles (id) on delete cascade,
    user2_id uuid not null references public.user_profiles (id) on delete cascade,
    initiator_id uuid not null,
    origin text not null default 'invitation',
    status text not null default 'pending',
    venue_suggestion text,
    note text,
    created_at timestamptz not null default now(),
    responded_at timestamptz,
    expires_at timestamptz default now() + interval '48 hours',
    ended_at timestamptz,
    constraint wingman_matches_two_people check (user1_id <> user2_id),
    constraint wingman_matches_initiator_is_user1 check (initiator_id = user1_id),
    constraint wingman_matches_status_known
    check (status in ('pending', 'accepted', 'declined', 'expired', 'withdrawn', 'ended')),
    constraint wingman_matches_origin_known check (origin in ('invitation', 'mutual_like')),
    constraint wingman_matches_only_invitations_expire
    check ((origin = 'invitation') = (expires_at is not null)),
    constraint wingman_matches_only_invitations_wait
    check (origin = 'invitation' or status in ('accepted', 'ended')),
    constraint wingman_matches_ended_has_a_time check ((status = 'ended') = (ended_at is not null)),
    constraint wingman_matches_venue_suggestion_length
    check (char_length(venue_suggestion) <= 200),
    constraint wingman_matches_note_length check (char_length(note) <= 500)
);
comment on table public.wingman_matches is
'Invitations and their outcome, and mutual likes; user1 invited user2, or liked first. A match that
ended keeps the pair apart. Deleting an account deletes its matches.';

create unique index wingman_matches_one_open_per_pair
on public.wingman_matches (least(user1_id, user2_id), greatest(user1_id, user2_id))
where status in ('pending', 'accepted');
create index wingman_matches_declined_of_pair
on public.wingman_matches (
    least(user1_id, user2_id), greatest(user1_id, user2_id), responded_at
)
where status = 'declined';
create index wingman_matches_ended_of_pair
on public.wingman_matches (least(user1_id, user2_id), greatest(user1_id, user2_id))
where status = 'ended';
create index wingman_matches_of_user1
on public.wingman_matches (user1_id, created_at desc, id desc);
create index wingman_matches_of_user2
on public.wingman_matches (user2_id, created_at desc, id desc);
create index wingman_matches_pending_by_end
on public.wingman_matches (expires_at)
where status = 'pending';

-- No policy and no grant: a stored 'pending' may have expired, which only the functions show.
alter table public.wingman_matches enable row level security;

alter table public.email_logs
add constraint email_logs_match_id_fkey
foreign key (match_id) references public.wingman_matches (id) on delete set null;

create function private.lock_pair(p_user_id uuid, p_other_id uuid)
returns void
language sql
set search_path = ''
as $$
    select pg_advisory_xact_lock(hashtextextended(
        least(p_user_id, p_other_id)::text || greatest(p_user_id, p_other_id)::text, 0
    ));
$$;
comment on function private.lock_pair is
'Lets the likes, passes and blocks of a pair, and the end of its match, take turns. Each of these
steps takes this lock before any row of the pair, and checks after it what it depends on.';

create function private.ended_with(p_user_id uuid, p_other_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select asked.user_id
        from unnest(p_other_ids) as asked (user_id)
        where exists (
            select
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, asked.user_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, asked.user_id)
                and pair.status = 'ended'
            -- A look-up for each, and not all matches that have ended.
            offset 0
        )
    );
end;
$$;
comment on function private.ended_with is
'Those with whom a match of the user has ended. No invitation and no like makes another one.';

create function private.has_ended(p_user_id uuid, p_other_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_other_id = any(private.ended_with(p_user_id, array[p_other_id]));
end;
$$;

create function private.match_status(p_match public.wingman_matches)
returns text
language sql
stable
set search_path = ''
as $$
    select case
        when p_match.status = 'pending' and p_match.expires_at <= now() then 'expired'
        else p_match.status
    end;
$$;
comment on function private.match_status is
'The status to show. A pending invitation past its time has expired, even if no job has marked it.';

create function private.match_json(
    p_match public.wingman_matches, p_reader uuid default auth.uid()
)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_match.id,
        'user1_id', p_match.user1_id,
        'user2_id', p_match.user2_id,
        'initiator_id', p_match.initiator_id,
        'origin', p_match.origin,
        'status', private.match_status(p_match),
        'venue_suggestion', p_match.venue_suggestion,
        'note', p_match.note,
        'created_at', private.iso_utc(p_match.created_at),
        'responded_at', private.iso_utc(p_match.responded_at),
        'expires_at', private.iso_utc(p_match.expires_at),
        'ended_at', private.iso_utc(p_match.ended_at),
        'partner', private.partner_json(p_reader, case p_reader
            when p_match.user1_id then p_match.user2_id
            when p_match.user2_id then p_match.user1_id
        end)
    );
$$;

create function private.partner_exists(p_match public.wingman_matches, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return private.exists_for(p_user_id, case p_user_id
        when p_match.user1_id then p_match.user2_id
        else p_match.user1_id
    end);
end;
$$;
comment on function private.partner_exists is
'Whether the other user of a match exists for this one; else neither does the match.';

create function public.get_match(p_match_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
begin
    select found_match.* into v_match
    from public.wingman_matches as found_match
    where found_match.id = p_match_id
        and v_caller in (found_match.user1_id, found_match.user2_id);
    if v_match.id is null or not private.partner_exists(v_match, v_caller) then
        raise exception 'not_found' using errcode = 'WM002';
    end if;
    return private.match_json(v_match);
end;
$$;
comment on function public.get_match is
'A match of the caller.
Security definer because users have no grant on matches: a stored status may be out of date.';
grant execute on function public.get_match to authenticated;

create function private.matches_before(
    p_user_id uuid, p_status text, p_limit integer, p_created_at timestamptz, p_id uuid
)
returns setof public.wingman_matches
language sql
stable
set search_path = ''
as $$
    -- One ordered index scan per side. An `or` over both would read every match of the user.
    (
        select sent.*
        from public.wingman_matches as sent
        where sent.user1_id = p_user_id
            and (sent.created_at, sent.id) < (p_created_at, p_id)
            and case
                when p_status is null then sent.status <> 'ended'
                else private.match_status(sent) = p_status
            end
            and private.exists_for(p_user_id, sent.user2_id)
        order by sent.created_at desc, sent.id desc
        limit p_limit
    )
    union all
    (
        select received.*
        from public.wingman_matches as received
        where received.user2_id = p_user_id
            and (received.created_at, received.id) < (p_created_at, p_id)
            and case
                when p_status is null then received.status <> 'ended'
                else private.match_status(received) = p_status
            end
            and private.exists_for(p_user_id, received.user1_id)
        order by received.created_at desc, received.id desc
        limit p_limit
    )
    order by created_at desc, id desc
    limit p_limit;
$$;

create function public.list_matches(
    p_status text default null,
    p_limit integer default 20,
    p_before_created_at timestamptz default null,
    p_before_id uuid default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(char_length(p_status), 20);
    return (
        select coalesce(
            jsonb_agg(
                private.match_json(listed.*::public.wingman_matches)
                order by listed.created_at desc, listed.id desc
            ),
            '[]'::jsonb
        )
        from private.matches_before(
            v_caller,
            p_status,
            least(greatest(p_limit, 1), 101),
            coalesce(p_before_created_at, 'infinity'),
            coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        ) as listed
    );
end;
$$;
comment on function public.list_matches is
'The caller''s matches before the given one, newest first. Without a status, all but those that have
ended. At most 101: a page of 100, and one more that shows whether another page follows.
Security definer because users have no grant on matches: a stored status may be out of date.';
grant execute on function public.list_matches to authenticated;

create function private.lock_match(p_match_id uuid, p_party uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id and p_party in (locked.user1_id, locked.user2_id)
    for update;
    -- After the lock, for which a block may have let this wait.
    if v_match.id is null or not private.partner_exists(v_match, p_party) then
        raise exception 'not_found' using errcode = 'WM002';
    end if;
    return v_match;
end;
$$;
