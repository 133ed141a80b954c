create function private.drop_emails_about(p_user_id uuid, p_other_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- Locks in the order of complete_emails, so that the two cannot deadlock.
    with stale as materialized (
        select email.id
        from public.email_logs as email
        where email.user_id = p_user_id
            and email.claimable_at is not null
            and email.send_group is null
            and (
                email.match_id in (
                    select pair.id
                    from public.wingman_matches as pair
                    where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                        and greatest(pair.user1_id, pair.user2_id)
                        = greatest(p_user_id, p_other_id)
                )
                or (
                    email.email_template = 'weekly_digest'
                    and (
                        email.template_data -> 'partner_ids' ? p_other_id::text
                        or email.template_data -> 'inviter_ids' ? p_other_id::text
                    )
                )
            )
        order by email.id
        for update
    )

    update public.email_logs as email
    set
        delivery_status = 'cancelled',
        lease_token = null,
        lease_expires_at = null
    from stale
    where email.id = stale.id;
$$;
comment on function private.drop_emails_about is
'Cancels the unsent emails to one user that name the other. One with a send group may be at the
provider already, so it cannot be cancelled.';

create function private.part(p_user_id uuid, p_other_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    delete from public.likes as gone
    where (gone.user_id, gone.liked_id) in ((p_user_id, p_other_id), (p_other_id, p_user_id));
    perform private.drop_emails_about(p_user_id, p_other_id);
    perform private.drop_emails_about(p_other_id, p_user_id);
    -- A stored answer shows the partner.
    delete from private.idempotency_keys as stored
    where stored.user_id in (p_user_id, p_other_id)
        and coalesce(
            stored.response #>> '{match,id}', stored.response #>> '{session,match_id}'
        ) in (
            select pair.id::text
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
        );
end;
$$;
comment on function private.part is
'Removes from likes, emails and stored answers what would show two users to each other.';

create function private.partners_of(p_user_id uuid)
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select mine.user2_id from public.wingman_matches as mine where mine.user1_id = p_user_id
        union
        select theirs.user1_id
        from public.wingman_matches as theirs
        where theirs.user2_id = p_user_id
    );
end;
$$;
comment on function private.partners_of is
'The other users of all matches and invitations of a user, whatever became of them.';

create function private.had_contact(p_user_id uuid, p_other_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return
        exists (
            select
            from public.wingman_matches as pair
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
        )
        or exists (
            select
            from public.likes as liked
            where (liked.user_id, liked.liked_id) in (
                (p_user_id, p_other_id), (p_other_id, p_user_id)
            )
        );
end;
$$;

create function private.count_block(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'put_block');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_blocks;
    if found then
        raise exception 'daily_block_limit' using
            errcode = 'WB002', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;

create function public.put_block(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_match public.wingman_matches;
    v_due jsonb := '[]'::jsonb;
begin
    if p_user_id = v_caller then
        raise exception 'cannot_block_yourself' using errcode = 'WB001';
    end if;
    perform private.take_turn_as(v_caller);
    -- An invitation, a like or an answer in progress is stored first, and ends with the rest.
    perform private.lock_pair(v_caller, p_user_id);
    perform from private.blocks as known
    where known.user_id = v_caller and known.blocked_id = p_user_id and known.listed;
    if not found then
        perform private.count_block(v_caller);
        insert into private.blocks (user_id, blocked_id, had_contact)
        values (v_caller, p_user_id, private.had_contact(v_caller, p_user_id))
        on conflict (user_id, blocked_id) do update set listed = true;
    end if;
    v_match := private.lock_open_match(v_caller, p_user_id);
    if v_match.id is not null then
        v_due := private.end_match(v_match, v_caller, 'block');
    end if;
    perform private.part(v_caller, p_user_id);
    return jsonb_build_object(
        'changed_users', array[v_caller, p_user_id], 'due', v_due, 'ended_match', private.ended_json(v_match)
    );
end;
$$;
comment on function public.put_block is
'Keeps a user and the caller apart: match and session end, and neither exists for the other. Any id
may be blocked. Security definer because users write no table.';
grant execute on function public.put_block to authenticated;

create function public.delete_block(p_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.lock_pair(v_caller, p_user_id);
    delete from private.blocks as block
    where block.user_id = v_caller and block.blocked_id = p_user_id and block.listed;
    return jsonb_build_object('changed_users', array[v_caller, p_user_id], 'due', '[]'::jsonb);
end;
$$;
comment on function public.delete_block is
'Takes a block of the caller back. Not those that came back with an address, which the list does not
show. Security definer because users write no table.';
grant execute on function public.delete_block to authenticated;

create function public.list_blocks(
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
    return (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user_id', listed.blocked_id, 'blocked_at', private.iso_utc(listed.blocked_at)
                )
                order by listed.blocked_at desc, listed.blocked_id desc
            ),
            '[]'::jsonb
        )
        from (
            select
                block.blocked_id,
                block.blocked_at
            from private.blocks as block
            where block.user_id = v_caller
                and block.listed
                and (block.blocked_at, block.blocked_id) < (
                    coalesce(p_before_created_at, 'infinity'),
                    coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                )
            order by block.blocked_at desc, block.blocked_id desc
            limit least(greatest(p_limit, 1), 101)
        ) as listed
    );
end;
$$;
comment on function public.list_blocks is
'The caller''s blocks before the given one, newest first. At most 101 (as list_matches).
Security definer because users have no grant on blocks.';
grant execute on function public.list_blocks to authenticated;
