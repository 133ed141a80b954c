create function private.end_conversation()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    update private.conversations as conversation
    set ended_at = new.ended_at
    where conversation.match_id = new.id;
    return null;
end;
$$;

create trigger end_conversation
after update of status on public.wingman_matches
for each row
when (new.status = 'ended' and old.status <> 'ended')
execute function private.end_conversation();

create function private.release_conversations()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
    -- record_departure has locked the matches: steps lock a match, then its conversation.
    perform from private.conversations as conversation
    where conversation.match_id in (
        select mine.match_id
        from private.conversation_members as mine
        where mine.user_id = old.id
    )
    order by conversation.match_id
    for update;
    delete from private.conversations as conversation
    using private.conversation_members as mine
    where mine.user_id = old.id
        and conversation.match_id = mine.match_id
        and not exists (
            select
            from private.conversation_members as partner
            where partner.match_id = mine.match_id
                and partner.user_id <> old.id
                and partner.hidden_seq < conversation.last_seq
                and private.shows_conversation(partner.user_id, mine.match_id)
        );
    update public.messages as message
    set sender_id = null, text = null, playground_id = null
    where message.sender_id = old.id;
    -- Not left to the cascade, which comes too late if a statement deletes both accounts.
    delete from private.conversation_members as mine where mine.user_id = old.id;
    return old;
end;
$$;
comment on function private.release_conversations is
'Deleting an account erases what it wrote. A partner who sees the conversation keeps it, with the
partner''s own words; other conversations are deleted.
Security definer because Supabase Auth deletes accounts and has no rights here.';

-- After record_departure, whose locks it needs, and before remember_blocks, which removes blocks:
-- triggers of one event fire in the order of their names.
create trigger release_conversations
before delete on auth.users
for each row execute function private.release_conversations();

create function public.prune_conversations(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_pruned integer;
begin
    delete from private.conversations as conversation
    where conversation.match_id in (
        select old.match_id
        from private.conversations as old
        where old.ended_at < now() - make_interval(days => (
            select settings.ended_conversation_days from private.app_settings as settings
        ))
        limit p_limit
        for update skip locked
    );
    get diagnostics v_pruned = row_count;
    return v_pruned;
end;
$$;
comment on function public.prune_conversations is
'Deletes up to p_limit conversations of matches that ended app_settings.ended_conversation_days ago.
Security definer because service_role has no grant on them.';
grant execute on function public.prune_conversations to service_role;

create function public.prune_messages(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_before constant timestamptz := (
        select now() - make_interval(days => settings.message_days)
        from private.app_settings as settings
    );
    v_old record;
    v_count integer;
    v_pruned integer := 0;
begin
    -- Without the setting, v_before is null, and nothing is older.
    for v_old in
        select
            found.match_id,
            max(found.seq) as seq
        from (
            select
                message.match_id,
                message.seq
            from public.messages as message
            where message.sent_at < v_before
            limit p_limit
        ) as found
        group by found.match_id
        order by found.match_id
    loop
        perform from private.conversations as locked
        where locked.match_id = v_old.match_id
        for no key update skip locked;
        continue when not found;
        perform private.advance_marks(v_old.match_id, member.user_id, 0, v_old.seq)
        from private.conversation_members as member
        where member.match_id = v_old.match_id;
        delete from public.messages as message
        where message.match_id = v_old.match_id and message.seq <= v_old.seq;
        get diagnostics v_count = row_count;
        v_pruned := v_pruned + v_count;
    end loop;
    return v_pruned;
end;
$$;
comment on function public.prune_messages is
'Hides and then deletes about p_limit messages that are older than app_settings.message_days; they
are the first of their conversations.
Security definer because service_role has no grant on messages.';
grant execute on function public.prune_messages to service_role;

create function private.message_evidence(
    p_reporter_id uuid, p_reported_id uuid, p_message_id uuid
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object('message', private.message_json(message) - 'client_id')
            from public.messages as message
            inner join private.conversation_members as mine
                on message.match_id = mine.match_id and mine.user_id = p_reporter_id
            where message.id = p_message_id and message.sender_id = p_reported_id
        ),
        '{}'::jsonb
    );
end;
$$;
comment on function private.message_evidence is
'The message as it was sent, if the reported user sent it to the reporter, even if their match has
ended since; else nothing.';

create function private.last_messages(p_user_id uuid, p_other_id uuid, p_limit integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select coalesce(
            jsonb_agg(
                private.message_json(shown.*::public.messages) - 'client_id'
                order by shown.sent_at, shown.seq
            ),
            '[]'::jsonb
        )
        from (
            select newest.*
            from public.wingman_matches as pair
            cross join lateral (
                select message.*
                from public.messages as message
                where message.match_id = pair.id
                order by message.seq desc
                limit p_limit
            ) as newest
            where least(pair.user1_id, pair.user2_id) = least(p_user_id, p_other_id)
                and greatest(pair.user1_id, pair.user2_id) = greatest(p_user_id, p_other_id)
            order by newest.sent_at desc, newest.seq desc
            limit p_limit
        ) as shown
    );
end;
$$;
comment on function private.last_messages is
'For operators: what two users wrote last, even if the two no longer see it.';

create function private.export_messages(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.message_json(mine.*::public.messages) - 'sender_id'
            order by mine.sent_at, mine.match_id, mine.seq
        ),
        '[]'::jsonb
    )
    from public.messages as mine
    where mine.sender_id = p_user_id;
$$;
comment on function private.export_messages is
'The messages in the export of an account: those that the user sent.';

create function private.export_conversations(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'match_id', mine.match_id,
                'received_seq', mine.received_seq,
                'read_seq', mine.read_seq,
                'hidden_seq', mine.hidden_seq,
                'updated_at', private.iso_utc(mine.last_sent_at)
            )
            order by mine.last_sent_at, mine.match_id
        ),
        '[]'::jsonb
    )
    from private.conversation_members as mine
    where mine.user_id = p_user_id;
$$;
comment on function private.export_conversations is
'What the user has received, read and hidden, in the export of an account.';
