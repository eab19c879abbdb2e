-- The tables that have a partition for each week.
CREATE OR REPLACE FUNCTION weekly_partitioned_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $body$
    SELECT ARRAY['raw_crashes', 'processed_crashes', 'reports', 'plugins_reports']
$body$;
