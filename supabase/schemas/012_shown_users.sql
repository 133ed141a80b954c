-- Users as others see them. PL/pgSQL looks up the later functions when it runs. A rule about users
-- is written once, for many of them: a page asks about twenty with one statement.

create function private.existing_for(p_viewer_id uuid, p_user_ids uuid[])
returns uuid[]
language plpgsql
stable
set search_path = ''
as $$
begin
    return array(
        select asked.user_id
        from unnest(p_user_ids) as asked (user_id)
        where asked.user_id = p_viewer_id or exists (
            select
            from auth.users as account
            where account.id = asked.user_id
                and (account.banned_until is null or account.banned_until <= now())
                and not exists (
                    select
                    from private.blocks as block
                    where block.user_id = p_viewer_id and block.blocked_id = asked.user_id
                )
                and not exists (
                    select
                    from private.blocks as block
                    where block.user_id = asked.user_id and block.blocked_id = p_viewer_id
                )
                and (
                    not exists (
                        select
                        from private.hidden_profiles as hidden
                        where hidden.user_id = asked.user_id
                    )
                    or private.are_matched(p_viewer_id, asked.user_id)
                )
        )
    );
end;
$$;
comment on function private.existing_for is
'Those of the users who exist for another. Blocks hide both from each other, a ban hides from
everyone, and a hidden user exists only for their matches. visible_to also asks for a profile.';

create function private.exists_for(p_viewer_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return p_user_id = any(private.existing_for(p_viewer_id, array[p_user_id]));
end;
$$;

create function private.display_name(p_viewer_id uuid, p_user_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
    return (
        select coalesce(
            (
                select shown.display_name
                from public.dog_profiles as shown
                where shown.user_id = p_user_id and private.may_see(p_viewer_id, p_user_id)
            ),
            nullif(btrim(profile.first_name), ''),
            'Someone'
        )
        from public.user_profiles as profile
        where profile.id = p_user_id
    );
end;
$$;
comment on function private.display_name is
'The name of a user for another: that of the profile if the other may see it, else the first name.';

create function private.partner_json(p_viewer_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'user_id', p_user_id,
        'name', private.display_name(p_viewer_id, p_user_id),
        'photo_url', case when private.may_see(p_viewer_id, p_user_id)
            then private.photos_json(p_user_id) #>> '{0,thumbnail_url}'
        end
    );
end;
$$;
comment on function private.partner_json is
'How a match or a session shows the other user. A picture that a provider links to is not shown: its
server would learn who looks at whom.';
