-- PostgREST applies these to each request of the role. A call takes milliseconds, and the API waits
-- 5 s for it: a statement ends before its caller has left, and a waiting one does not keep a
-- connection of the pool from others.
alter role anon set statement_timeout = '2s';
alter role anon set lock_timeout = '1s';
alter role authenticated set statement_timeout = '3s';
alter role authenticated set lock_timeout = '2s';
notify pgrst, 'reload config';
