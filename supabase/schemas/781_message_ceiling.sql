-- A limit behind those of the API, which do not apply while Redis is unavailable, nor to a caller
-- who bypasses the API. A bucket lets at most 630 messages through in ten minutes.

create table private.message_windows (
    user_id uuid primary key references public.user_profiles (id) on delete cascade,
    began_at timestamptz not null,
    message_count integer not null
)
-- Each message changes its sender's row, so there is room for the next version.
with (fillfactor = 50);
comment on table private.message_windows is
'How many messages a user has sent, in all conversations, in the ten minutes since `began_at`.';

alter table private.message_windows enable row level security;

create function private.count_message(p_sender_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_length constant interval := interval '10 minutes';
begin
    -- The clock of a request that waited for the row of an earlier one is older.
    insert into private.message_windows as known (user_id, began_at, message_count)
    values (p_sender_id, clock_timestamp(), 1)
    on conflict (user_id) do update
        set
            began_at = case
                when known.began_at + v_length <= excluded.began_at then excluded.began_at
                else known.began_at
            end,
            message_count = 1 + case
                when known.began_at + v_length <= excluded.began_at then 0
                else known.message_count
            end
        -- A refused message writes no row.
        where known.began_at + v_length <= excluded.began_at
            or known.message_count < (
                select settings.max_messages_in_ten_minutes from private.app_settings as settings
            );
    if not found then
        raise exception 'message_limit' using errcode = 'WT004', detail = (
            select ceil(extract(epoch from known.began_at + v_length - clock_timestamp()))::bigint
            from private.message_windows as known
            where known.user_id = p_sender_id
        );
    end if;
end;
$$;
comment on function private.count_message is
'Counts a message of a user, and refuses one beyond the limit of ten minutes. The detail is the
seconds to wait. The caller holds the lock of the match, and locks no other match.';
