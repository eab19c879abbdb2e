-- Makes the partitions of the week of targetdate (today, if it is null) and of the numweeks - 1
-- weeks after it; returns the names of the new ones.
CREATE OR REPLACE FUNCTION weekly_report_partitions(
    numweeks integer DEFAULT 2, targetdate date DEFAULT NULL
) RETURNS SETOF text
LANGUAGE sql
AS $body$
    SELECT create_weekly_partition(monday::date)
    FROM generate_series(
        date_trunc('week', coalesce(targetdate, (now() AT TIME ZONE 'UTC')::date)::timestamp),
        date_trunc('week', coalesce(targetdate, (now() AT TIME ZONE 'UTC')::date)::timestamp)
            + (numweeks - 1) * interval '1 week',
        interval '1 week') AS monday
$body$;
