create function private.plan_message_email(p_message public.messages, p_reader_id uuid)
returns void
language sql
set search_path = ''
as $$
    -- The step holds the lock of the conversation, and so that of its members.
    update private.conversation_members as mine
    set email_at = p_message.sent_at + make_interval(mins => reader.message_wait_minutes)
    from private.email_recipients as reader
    cross join private.email_categories as topic
    where mine.match_id = p_message.match_id
        and mine.user_id = p_reader_id
        and mine.email_at is null
        and reader.user_id = p_reader_id
        and topic.category = 'messages'
        and private.is_wanted(reader.choices, topic);
$$;
comment on function private.plan_message_email is
'Lets a worker ask, once the reader''s time has passed, whether the message is still unread.';

create function private.message_email_at(p_mine private.conversation_members)
returns timestamptz
language sql
stable
set search_path = ''
as $$
    select greatest(
        oldest.sent_at + make_interval(mins => reader.message_wait_minutes),
        latest.sent_at + interval '1 day'
    )
    from private.email_recipients as reader
    cross join private.email_categories as topic
    cross join lateral (
        select message.sent_at
        from public.messages as message
        where message.match_id = p_mine.match_id
            and message.seq > greatest(p_mine.read_seq, p_mine.hidden_seq)
            and message.sender_id <> p_mine.user_id
        order by message.seq
        limit 1
    ) as oldest
    cross join lateral (
        select max(email.group_started_at) as sent_at
        from public.email_logs as email
        where email.match_id = p_mine.match_id
            and email.user_id = p_mine.user_id
            and email.email_template = 'unread_messages'
            and email.delivery_status not in ('failed', 'cancelled')
    ) as latest
    where reader.user_id = p_mine.user_id
        and topic.category = 'messages'
        and private.is_wanted(reader.choices, topic)
        and private.shows_conversation(p_mine.user_id, p_mine.match_id);
$$;
comment on function private.message_email_at is
'When an email about a conversation is due: once its oldest unread message has waited as long as the
reader wants, and a day after the last one. Null if no email is due for what is there now.';

create function private.record_message_email(p_mine private.conversation_members, p_seq integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- An email that still waits, for example for the end of quiet hours, covers this message too.
    update public.email_logs as waiting
    set subject_revision = p_seq
    where waiting.match_id = p_mine.match_id
        and waiting.user_id = p_mine.user_id
        and waiting.email_template = 'unread_messages'
        and waiting.claimable_at is not null;
    if not found then
        perform private.notify(
            p_mine.user_id,
            'unread_messages',
            jsonb_build_object(
                'match_id', p_mine.match_id,
                'partner_name', private.display_name(
                    p_mine.user_id, private.partner_in(p_mine.match_id, p_mine.user_id)
                )
            ),
            concat_ws(':', p_mine.match_id, p_seq),
            p_match_id => p_mine.match_id,
            p_subject_revision => p_seq
        );
    end if;
end;
$$;

create function public.record_message_emails(p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_mine private.conversation_members;
    v_at timestamptz;
    v_asked integer := 0;
begin
    for v_mine in
        select planned.*
        from private.conversation_members as planned
        where planned.email_at <= now()
        order by planned.email_at
        limit p_limit
        for update skip locked
    loop
        v_at := private.message_email_at(v_mine);
        if v_at <= now() then
            perform private.record_message_email(v_mine, (
                select conversation.last_seq
                from private.conversations as conversation
                where conversation.match_id = v_mine.match_id
            ));
        end if;
        update private.conversation_members as mine
        set email_at = case when v_at > now() then v_at end
        where mine.match_id = v_mine.match_id and mine.user_id = v_mine.user_id;
        v_asked := v_asked + 1;
    end loop;
    return v_asked;
end;
$$;
comment on function public.record_message_emails is
'Records emails about messages that stayed unread, for up to p_limit planned ones: at most one per
conversation and day. Security definer because service_role has no grant on conversations.';
grant execute on function public.record_message_emails to service_role;
