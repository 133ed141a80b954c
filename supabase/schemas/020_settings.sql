create table private.app_settings (
    only_row boolean primary key default true,
    max_daily_matches integer not null default 10,
    challenge_duration_days integer not null default 7,
    email_log_days integer not null default 180,
    session_lead_minutes integer not null default 15,
    constraint app_settings_one_row check (only_row),
    constraint app_settings_max_daily_matches_positive check (max_daily_matches >= 0),
    constraint app_settings_challenge_duration_positive check (challenge_duration_days >= 0),
    constraint app_settings_email_log_days_positive check (email_log_days >= 30),
    constraint app_settings_session_lead_within_a_day
    check (session_lead_minutes between 0 and 1440)
);
comment on table private.app_settings is
'Limits for any caller, because a user can call the functions without the API.';

alter table private.app_settings enable row level security;

insert into private.app_settings (only_row) values (true);
