create table if not exists private.app_settings (
    only_row boolean primary key default true,
    max_daily_matches integer not null default 10,
    constraint app_settings_one_row check (only_row),
    constraint app_settings_max_daily_matches_positive check (max_daily_matches >= 0)
);
comment on table private.app_settings is
'Limits that hold whatever the caller passes: a user may call the functions without our API.';

alter table private.app_settings enable row level security;
revoke all on private.app_settings from public, anon, authenticated, service_role;

insert into private.app_settings (only_row) values (true)
on conflict (only_row) do nothing;
