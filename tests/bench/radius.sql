-- Radius first, then the order: what discovery is compared with. The score is the product's without
-- meetings, which PostgreSQL inlines.

create index bench_radius on private.candidates using gist (cell);

create function public.bench_radius()
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set jit = off
as $$
declare
    v_viewer private.candidates;
    v_traits private.dog_traits;
begin
    select stored.* into v_viewer
    from private.candidates as stored
    where stored.user_id = private.caller_id();
    v_traits := private.traits_of(v_viewer);
    return (
        select jsonb_agg(jsonb_build_object('user_id', best.user_id, 'score', best.score))
        from (
            select
                near.user_id,
                private.pair_score(
                    v_traits, private.traits_of(near.candidate), near.metres
                ) as score
            from (
                select
                    other.*,
                    other as candidate,
                    extensions.st_distance(other.cell, v_viewer.cell, false) as metres
                from private.candidates as other
                where extensions.st_dwithin(other.cell, v_viewer.cell, v_viewer.max_metres, false)
                -- Measured once, although the inlined score uses it several times.
                offset 0
            ) as near
            where near.user_id <> v_viewer.user_id
                and near.metres <= near.max_metres
                and near.age between v_viewer.min_age and v_viewer.max_age
                and v_viewer.age between near.min_age and near.max_age
                and not exists (
                    select from public.likes as given
                    where given.user_id = v_viewer.user_id and given.liked_id = near.user_id
                )
                and not exists (
                    select from public.passes as given
                    where given.user_id = v_viewer.user_id and given.passed_id = near.user_id
                )
                and not exists (
                    select from public.passes as received
                    where received.user_id = near.user_id
                        and received.passed_id = v_viewer.user_id
                )
                and not exists (
                    select from private.blocks as block
                    where block.user_id = v_viewer.user_id and block.blocked_id = near.user_id
                )
                and not exists (
                    select from private.blocks as block
                    where block.user_id = near.user_id and block.blocked_id = v_viewer.user_id
                )
            order by score desc
            limit 500
        ) as best
    );
end;
$$;
grant execute on function public.bench_radius to authenticated;

create function public.bench_discovery()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select private.discovery_list(private.caller_id());
$$;
grant execute on function public.bench_discovery to authenticated;
