-- Rows were loaded without triggers, so foreign keys have not been checked yet.
do $check$
declare
    v_key record;
    v_lost bigint;
begin
    for v_key in
        select
            rule.conname,
            rule.conrelid::regclass as child,
            rule.confrelid::regclass as parent,
            string_agg(format('c.%I = p.%I', own.attname, other.attname), ' and ') as joined,
            string_agg(format('c.%I is not null', own.attname), ' and ') as given
        from pg_catalog.pg_constraint as rule
        cross join lateral unnest(rule.conkey, rule.confkey) as part (own, other)
        inner join pg_catalog.pg_attribute as own
            on rule.conrelid = own.attrelid and part.own = own.attnum
        inner join pg_catalog.pg_attribute as other
            on rule.confrelid = other.attrelid and part.other = other.attnum
        where rule.contype = 'f'
            and rule.connamespace in (
                select spaces.oid
                from pg_catalog.pg_namespace as spaces
                where spaces.nspname in ('public', 'private', 'auth')
            )
        group by rule.conname, rule.conrelid, rule.confrelid
    loop
        execute format(
            'select count(*) from %s as c where %s and not exists (select from %s as p where %s)',
            v_key.child, v_key.given, v_key.parent, v_key.joined
        ) into v_lost;
        if v_lost > 0 then
            raise exception '% rows of % refer to rows of % that are not in the backup (%)',
                v_lost, v_key.child, v_key.parent, v_key.conname;
        end if;
    end loop;
end;
$check$;
