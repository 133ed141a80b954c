-- A restored database does not know what was sent since: docs/decisions/050-restoring.md.

create table private.held_notifications (
    dedupe_key text primary key,
    user_id uuid not null references public.user_profiles (id) on delete cascade,
    held_at timestamptz not null default now()
);
comment on table private.held_notifications is
'Notifications that a schedule may have recorded and sent before a restore. They are listed, and
neither emailed nor pushed again. Kept for 30 days.';

create index held_notifications_of_user on private.held_notifications (user_id);
create index held_notifications_held_at on private.held_notifications (held_at);

alter table private.held_notifications enable row level security;

create function private.is_held(p_dedupe_key text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return exists (
        select from private.held_notifications as held where held.dedupe_key = p_dedupe_key
    );
end;
$$;
