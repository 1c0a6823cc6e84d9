-- Guard 8 of a reservation (docs/ledger.md). Written by migration; shipment_judged is its only caller.

-- What ledger_take said, and refused also where the company owes a report of a delivery that is overdue for more than
-- so many days: five such shipments are named, those that are due longest. Asked after ledger_take has waited for whoever
-- settles a shipment, of which a report may be long due at once. No lock of its own: one that comes in meanwhile refuses
-- once too often at most.
CREATE FUNCTION shipment_reports_owed(said jsonb, organization bigint, late_days int) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE WHEN count(*) = 0 THEN said
        ELSE said || jsonb_build_object('accepted', false, 'failures', (said->'failures') || jsonb_build_object(
            'code', 'report-overdue', 'pointer', '/license', 'days', late_days, 'more', count(*) > 5,
            'shipments', jsonb_path_query_array(jsonb_agg(owed.ref ORDER BY owed.due, owed.id), '$[0 to 4]'))) END
    FROM (SELECT s.id, s.ref, s.report_due_on AS due FROM shipments_shipment s
          WHERE s.exporter_id = organization AND s.state IN ('cleared', 'departed')
            AND s.report_due_on < (said->>'today')::date - late_days
          ORDER BY s.report_due_on, s.id LIMIT 6) owed;
$$;
