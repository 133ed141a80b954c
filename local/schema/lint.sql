-- Findings of plpgsql_check in PL/pgSQL functions. `supabase db lint` omits trigger functions, and
-- warnings about performance and SQL injection.
with
triggered as (
    select distinct
        tgfoid,
        tgrelid
    from pg_trigger
    where not tgisinternal
)

select
    found.lineno,
    func.oid::regprocedure::text as signature,
    concat_ws(': ', found.message, found.detail) as problem
from pg_proc as func
inner join pg_language as lang on func.prolang = lang.oid
left join triggered on func.oid = triggered.tgfoid
cross join
    extensions.plpgsql_check_function_tb(
        func.oid,
        coalesce(triggered.tgrelid, 0),
        fatal_errors => false,
        performance_warnings => true,
        security_warnings => true,
        compatibility_warnings => true
    ) as found
where
    lang.lanname = 'plpgsql'
    and func.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
order by func.oid, found.lineno;
