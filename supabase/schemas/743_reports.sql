create table private.reports (
    id uuid primary key default gen_random_uuid(),
    reporter_id uuid references public.user_profiles (id) on delete set null,
    -- Any id, as in private.blocks.
    reported_id uuid not null,
    reason text not null,
    details text,
    message_id uuid,
    photo_id uuid,
    evidence jsonb not null default '{}',
    counts boolean not null,
    created_at timestamptz not null default clock_timestamp(),
    decision text,
    decided_at timestamptz,
    constraint reports_reason_known
    check (reason in ('spam', 'harassment', 'fake', 'underage', 'nudity', 'other')),
    constraint reports_details_length check (char_length(details) <= 1000),
    constraint reports_decision_known check (decision in ('dismissed', 'hidden', 'banned')),
    constraint reports_decided_at_a_time check ((decision is null) = (decided_at is null))
);
comment on table private.reports is
'What users report about others, until the reported account is deleted. With the reporter''s account
go their name and words; the rest waits for the operator.';
comment on column private.reports.evidence is
'What the reporter saw, as it was then. The objects of a deleted photo are gone all the same.';
comment on column private.reports.counts is
'Whether the reporter was trustworthy: three of these hide a profile.';

create index reports_of_reported on private.reports (reported_id, created_at);
create index reports_of_reporter on private.reports (reporter_id, reported_id);
create index reports_open on private.reports (created_at) where decision is null;

alter table private.reports enable row level security;

create function private.forget_reporter()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.details := null;
    return new;
end;
$$;

create trigger forget_reporter
before update of reporter_id on private.reports
for each row
when (new.reporter_id is null and old.reporter_id is not null)
execute function private.forget_reporter();

create function private.is_trustworthy(p_user_id uuid, p_reported_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
    return exists (
        select
        from auth.users as account
        where account.id = p_user_id and account.created_at <= now() - interval '3 days'
    )
    and private.is_published(p_user_id)
    and not private.is_hidden(p_user_id)
    and (
        private.had_contact(p_user_id, p_reported_id)
        or exists (
            select
            from private.blocks as block
            where block.user_id = p_user_id
                and block.blocked_id = p_reported_id
                and block.had_contact
        )
    );
end;
$$;
comment on function private.is_trustworthy is
'Whether a report weighs: an account of three days with a published profile, and a like or a match
of the two, also one that a block has ended since.';

create function private.photo_evidence(p_reporter_id uuid, p_reported_id uuid, p_photo_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
    return coalesce(
        (
            select jsonb_build_object('photo', jsonb_build_object(
                'id', photo.id,
                'object_path', photo.object_path,
                'placeholder', photo.placeholder,
                'created_at', private.iso_utc(photo.created_at)
            ))
            from public.photos as photo
            where photo.id = p_photo_id
                and photo.user_id = p_reported_id
                and photo.status = 'ready'
                -- A block comes before a report as often as after it.
                and (
                    private.may_see(p_reporter_id, p_reported_id)
                    or private.has_blocked(p_reporter_id, p_reported_id)
                )
        ),
        '{}'::jsonb
    );
end;
$$;
comment on function private.photo_evidence is
'The photo as it is now, if it is the reported user''s and the reporter has seen it; else nothing,
without an error, which would show whether there is such a photo.';

create function private.weight_of_reports(p_user_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
    select count(distinct report.reporter_id)::integer
    from private.reports as report
    where report.reported_id = p_user_id
        and report.decision is null
        and report.counts
        and not exists (
            select
            from private.reports as earlier
            where earlier.reporter_id = report.reporter_id
                and earlier.reported_id = p_user_id
                and earlier.decision = 'dismissed'
        );
$$;
comment on function private.weight_of_reports is
'How many trustworthy users wait for a decision about this one. A reporter whose report was
dismissed counts no more: an operator decides about the rest.';

create function private.part_from_strangers(p_user_id uuid)
returns void
language sql
set search_path = ''
as $$
    select private.part(p_user_id, partner.id)
    from unnest(private.partners_of(p_user_id)) as partner (id)
    where not private.are_matched(p_user_id, partner.id);
$$;
comment on function private.part_from_strangers is
'Removes what would still show a hidden user: unsent emails and stored answers.';

create function private.hide_if_reported(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if private.weight_of_reports(p_user_id) >= 3 then
        insert into private.hidden_profiles (user_id, hidden_by)
        select
            profile.id,
            'reports'
        from public.user_profiles as profile
        where profile.id = p_user_id
        on conflict (user_id) do nothing;
        if found then
            perform private.part_from_strangers(p_user_id);
        end if;
    end if;
end;
$$;

create function private.count_report(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    v_count constant integer := private.count_step(p_user_id, 'create_report');
begin
    perform from private.app_settings as settings where v_count > settings.max_daily_reports;
    if found then
        raise exception 'daily_report_limit' using
            errcode = 'WB004', detail = private.seconds_until_tomorrow();
    end if;
end;
$$;

create function private.report_json(p_report private.reports)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_report.id, 'created_at', private.iso_utc(p_report.created_at)
    );
$$;

create function public.create_report(
    p_user_id uuid,
    p_reason text,
    p_details text default null,
    p_message_id uuid default null,
    p_photo_id uuid default null
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    v_caller constant uuid := private.caller_id();
    v_report private.reports;
    v_message jsonb;
begin
    perform private.check_length(char_length(p_reason), 20);
    perform private.check_length(char_length(p_details), 1000);
    if p_user_id = v_caller then
        raise exception 'cannot_report_yourself' using errcode = 'WB003';
    end if;
    perform private.take_turn_as(v_caller);
    select known.* into v_report
    from private.reports as known
    where known.reporter_id = v_caller
        and known.reported_id = p_user_id
        and known.decision is null
        and (known.reason, known.details, known.message_id, known.photo_id)
        is not distinct from (p_reason, p_details, p_message_id, p_photo_id);
    if found then
        return private.report_json(v_report);
    end if;
    v_message := private.message_evidence(v_caller, p_user_id, p_message_id);
    perform private.refuse_flaw('message_id', case
        when p_message_id is not null and v_message = '{}'
            then 'is not a message that this user sent you'
    end);
    perform private.count_report(v_caller);
    -- Reports about one user take turns, so that the third one sees the others.
    perform pg_advisory_xact_lock(hashtextextended('reports:' || p_user_id::text, 0));
    insert into private.reports as stored (
        reporter_id, reported_id, reason, details, message_id, photo_id, evidence, counts
    )
    values (
        v_caller, p_user_id, p_reason, p_details, p_message_id, p_photo_id,
        private.photo_evidence(v_caller, p_user_id, p_photo_id) || v_message,
        private.is_trustworthy(v_caller, p_user_id)
    )
    returning stored.* into v_report;
    perform private.hide_if_reported(p_user_id);
    return private.report_json(v_report);
end;
$$;
comment on function public.create_report is
'Reports a user to the operators; the same report again is the first one. Any user may be reported,
but of messages only those that the caller got. Security definer because users write no table.';
grant execute on function public.create_report to authenticated;

create function private.export_reports(p_user_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select coalesce(
        jsonb_agg(
            private.report_json(mine.*::private.reports) || jsonb_build_object(
                'user_id', mine.reported_id,
                'reason', mine.reason,
                'details', mine.details,
                'message_id', mine.message_id,
                'photo_id', mine.photo_id
            )
            order by mine.created_at, mine.id
        ),
        '[]'::jsonb
    )
    from private.reports as mine
    where mine.reporter_id = p_user_id;
$$;
comment on function private.export_reports is
'The reports in the export of an account: those that the user made, without their outcome.';
