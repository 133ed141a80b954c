-- Moves the tables of a WingmanMatch database out of `public`, where the migrations create theirs.
-- PostgREST does not serve the new schema. Running it again is safe.

create schema if not exists wingmanmatch;

do $move$
declare
    v_name text;
begin
    if to_regclass('public.approach_challenges') is null then
        if to_regclass('wingmanmatch.approach_challenges') is null then
            raise exception 'this is no WingmanMatch database: approach_challenges is missing';
        end if;
        return;
    end if;
    if to_regclass('public.challenges') is not null then
        raise exception 'the migrations have run already: restore the old tables into wingmanmatch';
    end if;
    foreach v_name in array array[
        'user_profiles', 'dating_goals', 'confidence_test_results', 'user_locations',
        'wingman_matches', 'approach_challenges', 'wingman_sessions'
    ] loop
        execute format('alter table if exists public.%I set schema wingmanmatch', v_name);
    end loop;
    if to_regprocedure('public.haversine_miles(numeric, numeric, numeric, numeric)') is not null then
        alter function public.haversine_miles(numeric, numeric, numeric, numeric)
        set schema wingmanmatch;
    end if;
    -- Deleting an account deletes its old rows, too. Old rows without an account may stay.
    alter table wingmanmatch.user_profiles
    add constraint user_profiles_of_account
    foreign key (id) references auth.users (id) on delete cascade not valid;
end;
$move$;
