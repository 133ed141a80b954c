create table private.app_settings (
    only_row boolean primary key default true,
    max_daily_matches integer not null default 10,
    max_daily_plans integer not null default 10,
    max_daily_emails integer not null default 30,
    max_daily_submissions integer not null default 100,
    max_daily_photos integer not null default 60,
    max_daily_playgrounds integer not null default 20,
    max_daily_blocks integer not null default 100,
    max_daily_reports integer not null default 20,
    max_messages_in_ten_minutes integer not null default 1200,
    challenge_duration_days integer not null default 7,
    email_log_days integer not null default 180,
    notification_days integer not null default 90,
    attempt_days integer not null default 90,
    message_days integer,
    ended_conversation_days integer not null default 180,
    session_lead_minutes integer not null default 15,
    photo_seconds integer not null default 5,
    photos_url text not null default '',
    max_hourly_account_emails integer not null default 10,
    constraint app_settings_one_row check (only_row),
    constraint app_settings_max_daily_matches_positive check (max_daily_matches >= 0),
    constraint app_settings_max_daily_plans_positive check (max_daily_plans >= 0),
    constraint app_settings_max_daily_emails_positive check (max_daily_emails >= 0),
    constraint app_settings_max_daily_submissions_positive check (max_daily_submissions >= 0),
    constraint app_settings_max_daily_photos_positive check (max_daily_photos >= 0),
    constraint app_settings_max_daily_playgrounds_positive check (max_daily_playgrounds >= 0),
    constraint app_settings_max_daily_blocks_positive check (max_daily_blocks >= 0),
    constraint app_settings_max_daily_reports_positive check (max_daily_reports >= 0),
    constraint app_settings_max_messages_in_ten_minutes_positive
    check (max_messages_in_ten_minutes >= 1),
    constraint app_settings_challenge_duration_positive check (challenge_duration_days >= 0),
    constraint app_settings_email_log_days_positive check (email_log_days >= 30),
    constraint app_settings_notification_days_positive check (notification_days >= 7),
    constraint app_settings_attempt_days_positive check (attempt_days >= 7),
    constraint app_settings_message_days_positive check (message_days >= 30),
    constraint app_settings_ended_conversation_days_positive
    check (ended_conversation_days >= 30),
    constraint app_settings_max_hourly_account_emails_positive
    check (max_hourly_account_emails >= 0),
    constraint app_settings_session_lead_within_a_day
    check (session_lead_minutes between 0 and 1440),
    constraint app_settings_photo_seconds_positive check (photo_seconds > 0),
    constraint app_settings_photos_url_is_an_address
    check (photos_url = '' or photos_url ~ '^https?://[^[:space:]?#]+[^/[:space:]?#]$')
);
comment on table private.app_settings is
'Limits for any caller, because a user can call the functions without the API, and addresses that
the database puts into its answers.';

comment on column private.app_settings.max_daily_plans is
'Plans and moves of a meeting, by one user with one partner.';
comment on column private.app_settings.max_hourly_account_emails is
'Emails about one account, such as password resets, which anyone can ask for.';
comment on column private.app_settings.max_daily_emails is
'Emails that one user may cause one other.';
comment on column private.app_settings.max_messages_in_ten_minutes is
'By one user, in all conversations together.';
comment on column private.app_settings.message_days is
'How long messages are kept; null keeps them as long as their conversation.';
comment on column private.app_settings.ended_conversation_days is
'How long messages are kept for reports once a match has ended, and no user sees them.';
comment on column private.app_settings.photo_seconds is
'How long a worker may work on a photo; afterwards it counts as failed.';
comment on column private.app_settings.photos_url is
'Where the objects below public/ are served, without a slash at the end.';

alter table private.app_settings enable row level security;

insert into private.app_settings (only_row) values (true);
