-- Functions of the schema that PostgREST serves, and their callers.
with callable_function as (
    select
        known.oid,
        known.proname,
        known.pronargs,
        known.pronargdefaults,
        known.prorettype,
        known.proretset,
        known.proargnames as labels,
        coalesce(known.proallargtypes, known.proargtypes::oid[]) as kinds,
        coalesce(
            known.proargmodes::text[], array_fill('i'::text, array[known.pronargs::int])
        ) as modes,
        array(
            select caller.rolname::text
            from pg_roles as caller
            where
                caller.rolname in ('anon', 'authenticated', 'service_role')
                and has_function_privilege(caller.oid, known.oid, 'execute')
            order by caller.rolname
        ) as callers
    from pg_proc as known
    inner join pg_namespace as place on known.pronamespace = place.oid
    where
        place.nspname = 'public' and known.prokind = 'f'
        -- Functions of extensions are not ours.
        and not exists (
            select from pg_depend as part
            where part.objid = known.oid and part.deptype = 'e'
        )
),

argument as (
    select
        callable_function.oid,
        argument.place,
        callable_function.labels[argument.place] as argument_name,
        format_type(argument.kind, null) as kind,
        callable_function.modes[argument.place] in ('t', 'o') as is_output
    from callable_function,
        unnest(callable_function.kinds) with ordinality as argument (kind, place)
)

select
    callable_function.proname,
    callable_function.callers,
    coalesce(
        (
            select jsonb_object_agg(argument.argument_name, argument.kind)
            from argument
            where argument.oid = callable_function.oid and not argument.is_output
        ),
        '{}'
    ) as inputs,
    array(
        select argument.argument_name
        from argument
        where
            argument.oid = callable_function.oid and not argument.is_output
            and argument.place <= callable_function.pronargs - callable_function.pronargdefaults
    ) as required,
    coalesce(
        (
            select jsonb_object_agg(argument.argument_name, argument.kind)
            from argument
            where argument.oid = callable_function.oid and argument.is_output
        ),
        '{}'
    ) as outputs,
    case when callable_function.proretset then 'rows of ' else '' end
    || format_type(callable_function.prorettype, null) as returned
from callable_function
where callable_function.callers <> '{}'
order by callable_function.proname;
