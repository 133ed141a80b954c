-- Rules of https://github.com/supabase/splinter that the Supabase CLI does not have yet, by name.
-- Each row is a finding: rule, object, detail. Rules about features that the product does not use
-- are omitted: buckets (0025) and replication slots (0031).
with
ours as (
    select
        namespace.oid,
        namespace.nspname
    from pg_namespace as namespace
    where namespace.nspname in ('public', 'private')
),

users (username, open_table, open_function) as (
    values
    ('anon', 'pg_graphql_anon_table_exposed', 'anon_security_definer_function_executable'),
    (
        'authenticated',
        'pg_graphql_authenticated_table_exposed',
        'authenticated_security_definer_function_executable'
    )
)

-- Stricter than splinter: any privilege on any column, with or without pg_graphql.
select
    users.open_table as rule_name,
    relation.relname::text as object_name,
    format('`%s` may touch %I.%I', users.username, ours.nspname, relation.relname) as detail
from ours
inner join pg_class as relation on ours.oid = relation.relnamespace
cross join users
where
    relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and (
        has_any_column_privilege(
            users.username, relation.oid, 'select, insert, update, references'
        )
        or has_table_privilege(users.username, relation.oid, 'delete, truncate, trigger')
    )
union all
select
    users.open_function as rule_name,
    func.proname::text as object_name,
    format('`%s` may execute %s', users.username, func.oid::regprocedure) as detail
from ours
inner join pg_proc as func on ours.oid = func.pronamespace
cross join users
where func.prosecdef and has_function_privilege(users.username, func.oid, 'execute')
union all
select
    'rls_policy_null_auth_disjunct' as rule_name,
    rls.policyname::text as object_name,
    format('%I.%I lets in a session without a user', rls.schemaname, rls.tablename) as detail
from ours
inner join pg_policies as rls on ours.nspname = rls.schemaname
where rls.qual ~* '(auth\.(uid|jwt|role)\(\)|current_setting\([^)]*\))[^=]{0,20} is null'
union all
select
    'invalid_index' as rule_name,
    relation.relname::text as object_name,
    format('%I.%I slows writes and serves no query', ours.nspname, relation.relname) as detail
from ours
inner join pg_class as relation on ours.oid = relation.relnamespace
inner join pg_index as indexed on relation.oid = indexed.indexrelid
where not indexed.indisvalid
union all
select
    'autovacuum_disabled' as rule_name,
    relation.relname::text as object_name,
    format('%I.%I has %s', ours.nspname, relation.relname, relation.reloptions) as detail
from ours
inner join pg_class as relation on ours.oid = relation.relnamespace
where 'autovacuum_enabled=false' = any(relation.reloptions);
