-- Messages between matched users: docs/decisions/042-conversations.md.

insert into private.notification_kinds (
    kind, category, lane, can_wait, void_in, in_feed, push_category, by_email
)
values
('message', 'match_notifications', 'urgent', false, '{ended}', true, 'messages', false),
-- The claim calls private.is_unread.
('unread_messages', 'messages', 'bulk', true, '{}', false, null, true);

create table private.conversations (
    -- No foreign key: a conversation outlives its match if one of the two deletes the account.
    match_id uuid primary key,
    last_seq integer not null,
    last_sent_at timestamptz not null,
    ended_at timestamptz
);
comment on table private.conversations is
'One row for each match with messages. Its lock orders them.';
comment on column private.conversations.ended_at is
'When the match ended. From then on, neither of the two sees the messages, which wait for reports.';

create index conversations_ended
on private.conversations (ended_at)
where ended_at is not null;

alter table private.conversations enable row level security;

create table private.conversation_members (
    match_id uuid not null references private.conversations (match_id) on delete cascade,
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    received_seq integer not null default 0,
    read_seq integer not null default 0,
    hidden_seq integer not null default 0,
    unread_count integer not null default 0,
    last_sent_at timestamptz not null,
    email_at timestamptz,
    primary key (match_id, user_id)
);
comment on table private.conversation_members is
'What each of the two has read and hidden. Once a partner deletes the account, one row is left.';
comment on column private.conversation_members.received_seq is
'The last message that an app in the foreground has confirmed.';
comment on column private.conversation_members.hidden_seq is
'The last message that this user no longer sees: the user hid it, or it is too old.';
comment on column private.conversation_members.unread_count is
'How many messages of the partner are above both marks. Stored, because counting reads them all.';
comment on column private.conversation_members.last_sent_at is
'A copy of the column of private.conversations, by which the list of the user is sorted.';

comment on column private.conversation_members.email_at is
'When to ask whether an email about unread messages is due; null if none may become due.';

create index conversation_members_to_email
on private.conversation_members (email_at)
where email_at is not null;
create index conversation_members_listed
on private.conversation_members (user_id, last_sent_at desc, match_id desc);

alter table private.conversation_members enable row level security;

create table public.messages (
    id uuid primary key default gen_random_uuid(),
    match_id uuid not null references private.conversations (match_id) on delete cascade,
    seq integer not null,
    sender_id uuid references public.user_profiles (id) on delete set null,
    client_id uuid not null,
    text text, -- noqa: RF04
    playground_id uuid references public.playgrounds (id) on delete set null,
    sent_at timestamptz not null,
    constraint messages_of_conversation unique (match_id, seq),
    constraint messages_of_sender unique (sender_id, client_id),
    constraint messages_one_content check (num_nonnulls(text, playground_id) <= 1),
    constraint messages_text_length check (char_length(text) between 1 and 4000)
);
comment on table public.messages is
'Messages, numbered from 1 within their conversation. A message without text and playground shared
a playground that was deleted; the account of a missing sender was deleted, too.';

create index messages_of_playground
on public.messages (playground_id)
where playground_id is not null;
create index messages_age
on public.messages using brin (sent_at) with (autosummarize = on);

-- No policy and no grant: users read and write messages through functions.
alter table public.messages enable row level security;

create index notifications_of_messages_to_come
on public.notifications (match_id, user_id)
where seq is null and kind = 'message';

create function private.shows_conversation(p_user_id uuid, p_match_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
    v_match public.wingman_matches;
begin
    select pair.* into v_match
    from public.wingman_matches as pair
    where pair.id = p_match_id;
    if found then
        return p_user_id in (v_match.user1_id, v_match.user2_id)
            and v_match.status = 'accepted'
            and private.partner_exists(v_match, p_user_id);
    end if;
    return exists (
        select
        from private.conversation_members as left_alone
        where left_alone.match_id = p_match_id and left_alone.user_id = p_user_id
    );
end;
$$;
comment on function private.shows_conversation is
'Whether a user sees the conversation of a match: while it is accepted and the partner exists for
the user, or if the partner deleted the account during that time.';

create function private.has_seen(p_user_id uuid, p_match_id uuid, p_seq integer)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.conversation_members as mine
        where mine.match_id = p_match_id
            and mine.user_id = p_user_id
            and greatest(mine.read_seq, mine.hidden_seq) >= p_seq
    );
$$;
comment on function private.has_seen is
'Whether a user has read or hidden a message.';

create function private.has_received(p_user_id uuid, p_match_id uuid, p_seq integer)
returns boolean
language sql
stable
set search_path = ''
as $$
    select exists (
        select
        from private.conversation_members as mine
        where mine.match_id = p_match_id
            and mine.user_id = p_user_id
            and greatest(mine.received_seq, mine.read_seq, mine.hidden_seq) >= p_seq
    );
$$;
comment on function private.has_received is
'Whether an app of the user showed a message, so that no push is needed.';

create function private.message_json(p_message public.messages)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_message.id,
        'match_id', p_message.match_id,
        'seq', p_message.seq,
        'sender_id', p_message.sender_id,
        'client_id', p_message.client_id,
        'text', p_message.text,
        'playground', (
            select jsonb_build_object(
                'id', shared.id,
                'name', shared.name,
                'latitude', shared.latitude,
                'longitude', shared.longitude
            )
            from public.playgrounds as shared
            where shared.id = p_message.playground_id
        ),
        'sent_at', private.iso_utc(p_message.sent_at)
    );
$$;

create function private.advance_marks(
    p_match_id uuid, p_user_id uuid, p_read_seq integer, p_hidden_seq integer
)
returns integer
language sql
set search_path = ''
as $$
    update private.conversation_members as mine
    set
        read_seq = greatest(mine.read_seq, p_read_seq),
        hidden_seq = greatest(mine.hidden_seq, p_hidden_seq),
        unread_count = mine.unread_count - (
            select count(*)::integer
            from public.messages as message
            where message.match_id = p_match_id
                and message.seq > greatest(mine.read_seq, mine.hidden_seq)
                and message.seq <= greatest(p_read_seq, p_hidden_seq)
                and message.sender_id is distinct from p_user_id
        )
    where mine.match_id = p_match_id and mine.user_id = p_user_id
    returning mine.read_seq;
$$;
comment on function private.advance_marks is
'Moves the marks of a user forward, never back, and returns the read mark. The caller holds the lock
of the conversation.';
