create function private.lock_conversation(p_match_id uuid, p_user_id uuid)
returns private.conversations
language plpgsql
set search_path = ''
as $$
declare
    v_conversation private.conversations;
begin
    select locked.* into v_conversation
    from private.conversations as locked
    where locked.match_id = p_match_id
        and exists (
            select
            from private.conversation_members as mine
            where mine.match_id = p_match_id and mine.user_id = p_user_id
        )
    for no key update;
    -- Checked after the lock, because this may have waited for a deletion.
    if not private.shows_conversation(p_user_id, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    return v_conversation;
end;
$$;
comment on function private.lock_conversation is
'Locks a conversation that the user sees. Returns nulls if it has no message yet.';

create function private.read_notifications_of(p_user_id uuid, p_match_id uuid, p_seq integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- The lock of the list comes first, as where notifications are numbered and superseded.
    perform from private.feeds as feed where feed.user_id = p_user_id for update;
    update public.notifications as listed
    set read_at = clock_timestamp()
    where listed.user_id = p_user_id
        and listed.match_id = p_match_id
        and listed.subject_id is null
        and coalesce(listed.subject_revision, 0) <= p_seq
        and listed.read_at is null
        and listed.seq is not null
        and not listed.superseded;
end;
$$;
comment on function private.read_notifications_of is
'Marks what the list says about a match and its messages as read, up to a message. One that is not
listed yet becomes void (private.has_seen).';

create function public.mark_read(p_match_id uuid, p_seq integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_conversation private.conversations;
    v_read integer;
begin
    v_conversation := private.lock_conversation(p_match_id, v_caller);
    v_read := private.advance_marks(
        p_match_id, v_caller, least(p_seq, v_conversation.last_seq), 0
    );
    perform private.read_notifications_of(v_caller, p_match_id, coalesce(v_read, 0));
    return jsonb_build_object(
        'read_seq', coalesce(v_read, 0), 'partner_id', private.partner_in(p_match_id, v_caller)
    );
end;
$$;
comment on function public.mark_read is
'Moves the caller''s read mark forward, at most to the last message, and marks what the list says
about the match as read. Security definer because users write no table.';
grant execute on function public.mark_read to authenticated;

create function public.mark_received(p_match_id uuid, p_seq integer)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    if not private.shows_conversation(v_caller, p_match_id) then
        raise exception 'not_found' using errcode = 'WT001';
    end if;
    update private.conversation_members as mine
    set received_seq = least(p_seq, conversation.last_seq)
    from private.conversations as conversation
    where conversation.match_id = p_match_id
        and mine.match_id = p_match_id
        and mine.user_id = v_caller
        and mine.received_seq < least(p_seq, conversation.last_seq);
end;
$$;
comment on function public.mark_received is
'Confirms messages, at most up to the last one, for an app in the foreground: they are not pushed.
Security definer because users write no table.';
grant execute on function public.mark_received to authenticated;

create function public.hide_conversation(p_match_id uuid)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_conversation private.conversations;
begin
    v_conversation := private.lock_conversation(p_match_id, v_caller);
    if private.partner_in(p_match_id, v_caller) is null then
        -- The partner has deleted the account: no other user would ever see it.
        delete from private.conversations as alone where alone.match_id = p_match_id;
        return coalesce(v_conversation.last_seq, 0) + 1;
    end if;
    perform private.advance_marks(p_match_id, v_caller, 0, v_conversation.last_seq);
    perform private.read_notifications_of(
        v_caller, p_match_id, coalesce(v_conversation.last_seq, 0)
    );
    return coalesce(v_conversation.last_seq, 0) + 1;
end;
$$;
comment on function public.hide_conversation is
'Hides all messages up to now from the caller alone; a new message shows itself, not those before.
Returns the number of the first message that is not hidden.
Security definer because users write no table.';
grant execute on function public.hide_conversation to authenticated;
