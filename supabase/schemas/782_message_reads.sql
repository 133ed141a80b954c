create function private.conversation_json(p_mine private.conversation_members)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_partner_id constant uuid := private.partner_in(p_mine.match_id, p_mine.user_id);
begin
    return (
        select jsonb_build_object(
            'match_id', p_mine.match_id,
            'partner', case
                when v_partner_id is null then jsonb_build_object(
                    'user_id', null, 'name', 'Deleted user', 'photo_url', null
                )
                else private.partner_json(p_mine.user_id, v_partner_id)
            end,
            'last_message', private.message_json(newest),
            'unread_count', p_mine.unread_count,
            'last_seq', conversation.last_seq,
            'read_seq', p_mine.read_seq,
            'first_seq', p_mine.hidden_seq + 1,
            'updated_at', private.iso_utc(p_mine.last_sent_at)
        )
        from private.conversations as conversation
        inner join public.messages as newest
            on conversation.match_id = newest.match_id and conversation.last_seq = newest.seq
        where conversation.match_id = p_mine.match_id
    );
end;
$$;

create function private.conversations_before(
    p_user_id uuid, p_limit integer, p_sent_at timestamptz, p_match_id uuid
)
returns setof private.conversation_members
language sql
stable
set search_path = ''
as $$
    select mine.*
    from private.conversation_members as mine
    where mine.user_id = p_user_id
        and (mine.last_sent_at, mine.match_id) < (p_sent_at, p_match_id)
        and mine.hidden_seq < (
            select conversation.last_seq
            from private.conversations as conversation
            where conversation.match_id = mine.match_id
        )
        and private.shows_conversation(p_user_id, mine.match_id)
    order by mine.last_sent_at desc, mine.match_id desc
    limit p_limit;
$$;

create function private.conversations_head(p_user_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
    -- A hash of everything that can change: a counter would not grow in the order of commits.
    select md5(concat_ws(
        '|',
        (
            select count(*)
            from private.blocks as block
            where p_user_id in (block.user_id, block.blocked_id)
        ),
        string_agg(
            concat_ws(
                ':',
                mine.match_id,
                conversation.last_seq,
                mine.read_seq,
                mine.hidden_seq,
                coalesce(pair.status, 'gone')
            ),
            '|' order by mine.match_id
        )
    ))
    from private.conversation_members as mine
    inner join private.conversations as conversation on mine.match_id = conversation.match_id
    left join public.wingman_matches as pair on mine.match_id = pair.id
    where mine.user_id = p_user_id;
$$;
comment on function private.conversations_head is
'A text that changes whenever a conversation of the user does.';

create function public.list_conversations(
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
    return jsonb_build_object(
        'head', private.conversations_head(v_caller),
        'conversations', (
            select coalesce(
                jsonb_agg(
                    private.conversation_json(listed.*::private.conversation_members)
                    order by listed.last_sent_at desc, listed.match_id desc
                ),
                '[]'::jsonb
            )
            from private.conversations_before(
                v_caller,
                least(greatest(p_limit, 1), 101),
                coalesce(p_before_created_at, 'infinity'),
                coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            ) as listed
        )
    );
end;
$$;
comment on function public.list_conversations is
'The caller''s conversations before the given one, without hidden ones. The one with the newest
message comes first. At most 101 (as list_matches).
Security definer because users have no grant on them.';
grant execute on function public.list_conversations to authenticated;

create function private.messages_between(
    p_match_id uuid, p_from integer, p_to integer, p_backwards boolean
)
returns table (message jsonb, seq integer)
language sql
stable
set search_path = ''
as $$
    select
        sized.body,
        sized.seq
    from (
        select
            found.body,
            found.seq,
            row_number() over nearest as nth,
            sum(octet_length(found.body::text)) over nearest as bytes
        from (
            select
                listed.seq,
                private.message_json(listed) as body
            from public.messages as listed
            where listed.match_id = p_match_id and listed.seq between p_from and p_to
        ) as found
        window nearest as (order by case when p_backwards then -found.seq else found.seq end)
    ) as sized
    where sized.nth = 1 or sized.bytes <= 30000
    order by sized.seq;
$$;
comment on function private.messages_between is
'Messages from one number to another. The last ones (or, backwards, the first) are left out if all
of them exceed a frame of 32,768 bytes. One message always fits.';

create function public.list_messages(
    p_match_id uuid,
    p_after_seq integer default null,
    p_before_seq integer default null,
    p_limit integer default 20
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_limit constant integer := least(greatest(p_limit, 1), 100);
    v_backwards constant boolean := p_after_seq is null;
    v_first integer;
    v_last integer;
    v_from integer;
    v_to integer;
begin
    if not private.shows_conversation(v_caller, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    select
        mine.hidden_seq + 1,
        conversation.last_seq
    into v_first, v_last
    from private.conversation_members as mine
    inner join private.conversations as conversation on mine.match_id = conversation.match_id
    where mine.match_id = p_match_id and mine.user_id = v_caller;
    v_first := coalesce(v_first, 1);
    v_last := coalesce(v_last, 0);
    -- Numbers have no gaps, so those of a page follow from its end.
    v_from := case
        when v_backwards then v_first
        else greatest(v_first, least(p_after_seq, v_last) + 1)
    end;
    v_to := case
        when p_before_seq is null then v_last
        else least(v_last, greatest(p_before_seq, 1) - 1)
    end;
    return (
        select jsonb_build_object(
            'messages', coalesce(jsonb_agg(listed.message order by listed.seq), '[]'::jsonb),
            'first_seq', v_first,
            'has_more', case
                when v_backwards then coalesce(min(listed.seq) > v_from, false)
                else coalesce(max(listed.seq) < v_to, false)
            end
        )
        from private.messages_between(
            p_match_id,
            case when v_backwards then greatest(v_from, v_to - v_limit + 1) else v_from end,
            case when v_backwards then v_to else least(v_to, v_from + v_limit - 1) end,
            v_backwards
        ) as listed
    );
end;
$$;
comment on function public.list_messages is
'A page of messages that the caller sees, in order: those after p_after_seq, or else the newest ones
before p_before_seq. Security definer because users have no grant on messages.';
grant execute on function public.list_messages to authenticated;
