-- Mails about a session carry its match too: what a deleted account leaves behind is cleaned by it.
alter table public.email_logs
add column if not exists session_id uuid
references public.wingman_sessions (id) on delete set null;

create index if not exists email_logs_of_session
on public.email_logs (session_id)
where session_id is not null;
