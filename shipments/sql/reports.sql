-- Guard 8 of a reservation (docs/ledger.md). Written by the newest migration that changes it; shipment_judged is its only
-- caller.

-- The shipments of a company of which a report of delivery is owed and was due before this day.
CREATE OR REPLACE FUNCTION shipment_reports_late(organization bigint, before date) RETURNS SETOF shipments_shipment
    LANGUAGE sql STABLE AS $$
    SELECT s.* FROM shipments_shipment s
    WHERE s.exporter_id = organization AND s.state IN ('cleared', 'departed') AND s.report_due_on < before;
$$;

-- What ledger_take said, and refused also where the company owes a report of a delivery that is overdue for more than
-- so many days: five such shipments are named, those that are due longest. It looks, in a statement of its own, after
-- ledger_take has waited for whoever settles a shipment, of which a report may be long due at once. No lock of its own: one
-- that comes in meanwhile refuses once too often at most.
CREATE OR REPLACE FUNCTION shipment_reports_owed(said jsonb, organization bigint, late_days int) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    before date := (said->>'today')::date - late_days;
    owed text[];
BEGIN
    IF NOT EXISTS (SELECT FROM shipment_reports_late(organization, before)) THEN
        RETURN said;
    END IF;
    owed := ARRAY(SELECT s.ref FROM shipment_reports_late(organization, before) s ORDER BY s.report_due_on, s.id LIMIT 6);
    RETURN said || jsonb_build_object('accepted', false, 'failures', (said->'failures') || jsonb_build_object(
        'code', 'report-overdue', 'pointer', '/license', 'days', late_days, 'more', cardinality(owed) > 5,
        'shipments', owed[:5]));
END;
$$;
