create function private.trimmed(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
    -- Everything that Unicode calls white space; the API removes the same.
    select btrim(
        p_text,
        e' \t\n\r\u000b\u000c\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007'
        '\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
    );
$$;

create function private.flaw_of_message(p_text text, p_playground_id uuid)
returns text
language sql
immutable
set search_path = ''
as $$
    select case
        when num_nonnulls(p_text, p_playground_id) <> 1
            then 'send either text or playground_id'
        -- Spaces, controls, joiners, variation selectors, directions, fillers, blank symbols, and
        -- marks that need a letter. Next to a visible character, all of them are kept.
        when p_text !~ concat(
            '[^\s\u0001-\u001f\u007f-\u00a0\u00ad\u0300-\u036f\u061c\u115f\u1160\u1680\u17b4\u17b5'
            '\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u20d0-\u20ff\u2800\u3000\u3164'
            '\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufffb\U0001d159\U0001d173-\U0001d17a'
            '\U000e0000-\U000e0fff]'
        )
            then 'must have a visible character'
    end;
$$;

create function private.sent_message(
    p_user_id uuid, p_match_id uuid, p_client_id uuid, p_text text, p_playground_id uuid
)
returns public.messages
language plpgsql
stable
set search_path = ''
as $$
declare
    v_message public.messages;
begin
    select sent.* into v_message
    from public.messages as sent
    where sent.sender_id = p_user_id and sent.client_id = p_client_id;
    if found and (
        v_message.match_id <> p_match_id
        or v_message.text is distinct from p_text
        -- Null if the playground has been deleted since.
        or coalesce(v_message.playground_id, p_playground_id) is distinct from p_playground_id
    ) then
        raise exception 'client_id_reused' using errcode = 'WT003';
    end if;
    return v_message;
end;
$$;
comment on function private.sent_message is
'The message that an earlier request with the same client_id has sent, or nulls.';

create function private.lock_active_match(p_match_id uuid, p_user_id uuid)
returns public.wingman_matches
language plpgsql
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    -- An unmatch, a block and a deletion take the same lock, so one of two comes first.
    select locked.* into v_match
    from public.wingman_matches as locked
    where locked.id = p_match_id and p_user_id in (locked.user1_id, locked.user2_id)
    for no key update;
    if v_match.id is null and private.shows_conversation(p_user_id, p_match_id) then
        raise exception 'match_not_active' using errcode = 'WT002';
    elsif v_match.id is null or not private.partner_exists(v_match, p_user_id) then
        raise exception 'not_found' using errcode = 'WT001';
    elsif v_match.status <> 'accepted' then
        raise exception 'match_not_active' using errcode = 'WT002';
    end if;
    return v_match;
end;
$$;

create function private.check_shared(p_playground_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The playground stays until the message is stored.
    perform from public.playgrounds as place
    where place.id = p_playground_id
    for key share;
    perform private.refuse_flaw('playground_id', case
        when p_playground_id is not null and not found then 'is not the id of a playground'
    end);
end;
$$;

create function private.next_seq(p_match public.wingman_matches, p_sender_id uuid)
returns private.conversations
language plpgsql
set search_path = ''
as $$
declare
    v_conversation private.conversations;
begin
    -- The clock is read under the lock, and may have been set back since.
    insert into private.conversations as known (match_id, last_seq, last_sent_at)
    values (p_match.id, 1, clock_timestamp())
    on conflict (match_id) do update
        set
            last_seq = known.last_seq + 1,
            last_sent_at = greatest(known.last_sent_at, clock_timestamp())
    returning known.* into v_conversation;
    insert into private.conversation_members as known (
        match_id, user_id, unread_count, last_sent_at
    )
    select
        p_match.id,
        member.user_id,
        (member.user_id <> p_sender_id)::integer,
        v_conversation.last_sent_at
    from unnest(array[p_match.user1_id, p_match.user2_id]) as member (user_id)
    on conflict (match_id, user_id) do update
        set
            unread_count = known.unread_count + excluded.unread_count,
            last_sent_at = excluded.last_sent_at;
    return v_conversation;
end;
$$;
comment on function private.next_seq is
'Locks the conversation of a match until the message is stored, and numbers it.';

create function private.store_message(
    p_match public.wingman_matches,
    p_sender_id uuid,
    p_client_id uuid,
    p_text text,
    p_playground_id uuid
)
returns public.messages
language plpgsql
set search_path = ''
as $$
declare
    v_conversation private.conversations;
    v_message public.messages;
begin
    perform private.check_shared(p_playground_id);
    v_conversation := private.next_seq(p_match, p_sender_id);
    insert into public.messages as stored (
        match_id, seq, sender_id, client_id, text, playground_id, sent_at
    )
    values (
        p_match.id,
        v_conversation.last_seq,
        p_sender_id,
        p_client_id,
        p_text,
        p_playground_id,
        v_conversation.last_sent_at
    )
    on conflict (sender_id, client_id) do nothing
    returning stored.* into v_message;
    if v_message.id is null then
        -- Another conversation took the client_id at the same moment; the index decided.
        raise exception 'client_id_reused' using errcode = 'WT003';
    end if;
    return v_message;
end;
$$;

create function private.sent_json(p_message public.messages, p_replayed boolean)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
    v_partner_id constant uuid := private.partner_in(p_message.match_id, p_message.sender_id);
begin
    return jsonb_build_object(
        'message', private.message_json(p_message),
        'replayed', p_replayed,
        'partner_id', case
            when not p_replayed or private.shows_conversation(v_partner_id, p_message.match_id)
                then v_partner_id
        end
    );
end;
$$;
comment on function private.sent_json is
'A sent message, and the partner who sees it: null if the match has ended since.';

create function public.send_message(
    p_match_id uuid,
    p_client_id uuid,
    p_text text default null,
    p_playground_id uuid default null,
    p_known_only boolean default false
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_text text;
    v_match public.wingman_matches;
    v_message public.messages;
begin
    perform private.check_length(char_length(p_text), 4000);
    v_text := private.trimmed(p_text);
    v_message := private.sent_message(v_caller, p_match_id, p_client_id, v_text, p_playground_id);
    if v_message.id is null and p_known_only then
        return null;
    elsif v_message.id is null then
        perform private.refuse_flaw('text', private.flaw_of_message(v_text, p_playground_id));
        v_match := private.lock_active_match(p_match_id, v_caller);
        -- The same request may have been stored while this one waited.
        v_message := private.sent_message(
            v_caller, p_match_id, p_client_id, v_text, p_playground_id
        );
    end if;
    if v_message.id is not null then
        return private.sent_json(v_message, true);
    end if;
    perform private.count_message(v_caller);
    v_message := private.store_message(v_match, v_caller, p_client_id, v_text, p_playground_id);
    return private.sent_json(v_message, false) || jsonb_build_object(
        'due', private.notify_of_message(v_message, private.partner_in(p_match_id, v_caller))
    );
end;
$$;
comment on function public.send_message is
'Sends a text or a playground to the partner of an accepted match. The same client_id with the same
content returns the first message, whatever has become of the match; with p_known_only, null if
there is none. Security definer because users write no table.';
grant execute on function public.send_message to authenticated;
