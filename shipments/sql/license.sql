-- What shipment_reserve reads before it takes anything (docs/ledger.md). Written by the newest migration that changes it.

DROP FUNCTION IF EXISTS shipment_license(jsonb);

-- The license that a request of its company names, and what it takes to judge it; no row where there is none.
CREATE FUNCTION shipment_license(request jsonb) RETURNS SETOF shipment_read LANGUAGE sql STABLE AS $$
    SELECT l.id, l.edition, l.usable_until,
           (SELECT p.id FROM exporters_party p WHERE p.exporter_id = l.exporter_id AND p.ref = request->>'end_user'),
           (SELECT p.id FROM exporters_party p WHERE p.exporter_id = l.exporter_id AND p.ref = request->>'consignee'),
           EXISTS (SELECT FROM licensing_licenseline n WHERE n.license_id = l.id AND n.capped),
           EXISTS (SELECT FROM licensing_quotapool),
           (SELECT min(s.report_due_on) FROM shipments_shipment s
            WHERE s.exporter_id = l.exporter_id AND s.state IN ('cleared', 'departed'))
    FROM licensing_license l
    WHERE l.ref = request->>'license' AND l.exporter_id = (request->>'organization')::bigint;
$$;
