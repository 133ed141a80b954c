create function private.may_be_shown(
    p_viewer_id uuid, p_user_id uuid, p_stage text default 'anywhere'
)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    perform
    from private.candidates as viewer
    inner join private.candidates as other on other.user_id = p_user_id
    where viewer.user_id = p_viewer_id
        and p_viewer_id <> p_user_id
        and private.stage_of_pair(
            viewer, other, private.metres_between(viewer.cell, other.cell)
        ) <= array_position(array['preferred', 'wider', 'anywhere'], p_stage) - 1
        and not exists (
            select
            from private.kept_apart as pair
            where pair.user_id = p_viewer_id and pair.other_id = p_user_id
        )
        and not exists (
            select
            from private.matched_pairs as pair
            where pair.first_id = least(p_viewer_id, p_user_id)
                and pair.second_id = greatest(p_viewer_id, p_user_id)
        );
    return found and private.like_refusal(p_viewer_id, p_user_id) is null;
end;
$$;
comment on function private.may_be_shown is
'Whether a user whom an older list proposes in a stage may still be shown to the viewer.';
