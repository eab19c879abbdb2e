-- Makes the partitions of one week where they are missing; returns the names of the new ones.
-- It runs with the rights of its owner, so that those who save need none to make tables.
CREATE OR REPLACE FUNCTION create_weekly_partition(monday date) RETURNS SETOF text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $body$
DECLARE
    parent text;
    child text;
BEGIN
    IF extract(isodow FROM monday) <> 1 THEN
        RAISE EXCEPTION 'the week of a partition begins on a Monday, not on %', monday
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One process at a time: the others find the partitions made.
    PERFORM pg_advisory_xact_lock(hashtext('socorro_fast'), hashtext('schema'));
    FOREACH parent IN ARRAY weekly_partitioned_tables() LOOP
        child := parent || to_char(monday, '_YYYYMMDD');
        CONTINUE WHEN to_regclass(child) IS NOT NULL;
        -- Attaching takes a lock that lets others save; PARTITION OF would stop them.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, child, monday, monday + 7);
        RETURN NEXT child;
    END LOOP;
END
$body$;
