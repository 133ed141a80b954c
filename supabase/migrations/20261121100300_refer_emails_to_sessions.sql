-- Mails about a session carry its match too: what a deleted account leaves behind is cleaned by it.
-- Deferred because a deleted account changes them twice: when its match goes, their session is gone
-- too but not yet out of the row.
alter table public.email_logs
add column if not exists session_id uuid
references public.wingman_sessions (id) on delete set null deferrable initially deferred;

create index if not exists email_logs_of_session
on public.email_logs (session_id)
where session_id is not null;
