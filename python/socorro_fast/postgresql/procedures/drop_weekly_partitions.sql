-- Drops every partition whose week was over before that date, all in one; returns their names.
-- It does not wait long for a table in use: whoever waits for such a lock stops all others.
CREATE OR REPLACE FUNCTION drop_weekly_partitions(before date) RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET lock_timeout = '10s'
AS $body$
DECLARE
    old text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('socorro_fast'), hashtext('schema'));
    SELECT array_agg(child.relname::text ORDER BY child.relname) INTO old
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    JOIN pg_class AS parent ON parent.oid = inhparent
    WHERE parent.relnamespace = 'public'::regnamespace
        AND parent.relname = ANY (weekly_partitioned_tables())
        AND child.relname ~ ('^' || parent.relname || '_\d{8}$')
        AND to_date(right(child.relname, 8), 'YYYYMMDD') + 7 <= before;
    IF old IS NOT NULL THEN
        EXECUTE (SELECT 'DROP TABLE ' || string_agg(quote_ident(name), ', ')
            FROM unnest(old) AS name);
        RETURN QUERY SELECT unnest(old);
    END IF;
END
$body$;
