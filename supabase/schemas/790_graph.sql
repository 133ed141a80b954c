-- Fields that GraphQL reads for all objects of a page at once, without those that the caller may
-- not see.

create function public.get_matches(p_match_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(jsonb_agg(private.match_json(pair)), '[]'::jsonb)
        from public.wingman_matches as pair
        where pair.id = any(p_match_ids)
            and v_caller in (pair.user1_id, pair.user2_id)
            and private.partner_exists(pair, v_caller)
    );
end;
$$;
comment on function public.get_matches is
'Those of the matches that are the caller''s, in any order.
Security definer because users have no grant on matches.';
grant execute on function public.get_matches to authenticated;

create function public.get_open_sessions(p_match_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(jsonb_agg(private.session_json(open)), '[]'::jsonb)
        from public.wingman_sessions as open
        where open.match_id = any(p_match_ids)
            and open.status = 'scheduled'
            and v_caller in (open.user1_id, open.user2_id)
            and private.exists_for(v_caller, private.partner_of(open, v_caller))
    );
end;
$$;
comment on function public.get_open_sessions is
'The session that is open in each of the caller''s matches.
Security definer because users have no grant on sessions.';
grant execute on function public.get_open_sessions to authenticated;

create function public.get_conversations(p_match_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(jsonb_agg(private.conversation_json(mine)), '[]'::jsonb)
        from private.conversation_members as mine
        inner join private.conversations as conversation on mine.match_id = conversation.match_id
        where mine.match_id = any(p_match_ids)
            and mine.user_id = v_caller
            and mine.hidden_seq < conversation.last_seq
            and private.shows_conversation(v_caller, mine.match_id)
    );
end;
$$;
comment on function public.get_conversations is
'The conversations of those of the matches that the caller''s list would show.
Security definer because users have no grant on conversations.';
grant execute on function public.get_conversations to authenticated;

create function public.get_newest_messages(p_match_ids uuid[], p_limit integer default 20)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_match_ids), 100);
    return (
        select coalesce(
            jsonb_object_agg(
                asked.match_id, public.list_messages(asked.match_id, p_limit => p_limit)
            ),
            '{}'::jsonb
        )
        from (select distinct unnest(p_match_ids) as match_id) as asked
        where private.shows_conversation(v_caller, asked.match_id)
    );
end;
$$;
comment on function public.get_newest_messages is
'The newest page of each conversation that the caller sees.
Security definer because users have no grant on messages.';
grant execute on function public.get_newest_messages to authenticated;

create function public.get_cards(p_user_ids uuid[])
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
begin
    perform private.check_length(cardinality(p_user_ids), 100);
    return (
        select coalesce(jsonb_agg(shown.card), '[]'::jsonb)
        from private.cards_of(v_caller, private.visible_to(v_caller, p_user_ids)) as shown
    );
end;
$$;
comment on function public.get_cards is
'The profiles of those of the users that the caller may see.
Security definer because users have no grant on profiles.';
grant execute on function public.get_cards to authenticated;
