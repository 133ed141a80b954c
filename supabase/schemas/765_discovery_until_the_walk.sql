-- Until the walk is there: published profiles by distance.

create function private.may_be_shown(
    p_viewer_id uuid, p_user_id uuid, p_stage text default 'preferred'
)
returns boolean
language sql
stable
set search_path = ''
as $$
    select p_viewer_id <> p_user_id and p_stage is not null
        and private.is_published(p_user_id)
        and not private.are_matched(p_viewer_id, p_user_id)
        and not private.are_blocked(p_viewer_id, p_user_id)
        and not exists (
            select
            from public.likes as mine
            where mine.user_id = p_viewer_id and mine.liked_id = p_user_id
        )
        and not exists (
            select
            from public.passes as pass
            where least(pass.user_id, pass.passed_id) = least(p_viewer_id, p_user_id)
                and greatest(pass.user_id, pass.passed_id) = greatest(p_viewer_id, p_user_id)
        )
        and exists (
            select
            from public.dog_profiles as own, public.dog_profiles as other
            where own.user_id = p_viewer_id
                and other.user_id = p_user_id
                and other.age between (private.preferences_of(p_viewer_id)).min_age
                and (private.preferences_of(p_viewer_id)).max_age
                and extensions.st_distance(other.cell, own.cell, false)
                <= (private.preferences_of(p_viewer_id)).max_metres
        );
$$;

create function private.record_exposures(p_viewer_id uuid, p_user_ids uuid[])
returns void
language sql
set search_path = ''
as $$
    select p_viewer_id, p_user_ids;
$$;

create function private.discovery_list(p_viewer_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'stage', 'preferred',
        'radius_metres', (private.preferences_of(p_viewer_id)).max_metres,
        'candidates', coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user_id', near.user_id, 'score', 0.5, 'reasons', jsonb_build_array('Nearby')
                )
                order by near.metres, near.user_id
            ),
            '[]'::jsonb
        )
    )
    from (
        select
            other.user_id,
            extensions.st_distance(other.cell, own.cell, false) as metres
        from public.dog_profiles as own
        cross join public.dog_profiles as other
        where own.user_id = p_viewer_id
            and private.may_be_shown(p_viewer_id, other.user_id)
        order by metres, other.user_id
        limit 500
    ) as near;
$$;
