-- What shipment_reserve reads before it takes anything (docs/ledger.md). Written by the newest migration that changes it.

-- The license that a request of its company names, and what it takes to judge it; no row where there is none.
-- end_user, consignee: NULL where the company knows none of this reference. capped: it caps something. pooled: there are
-- national pools.
CREATE OR REPLACE FUNCTION shipment_license(request jsonb) RETURNS TABLE (id bigint, exporter bigint, ref text,
    edition text, usable_until date, end_user bigint, consignee bigint, capped boolean, pooled boolean)
    LANGUAGE sql STABLE AS $$
    SELECT l.id, l.exporter_id, l.ref, l.edition, l.usable_until,
           (SELECT p.id FROM exporters_party p WHERE p.exporter_id = l.exporter_id AND p.ref = request->>'end_user'),
           (SELECT p.id FROM exporters_party p WHERE p.exporter_id = l.exporter_id AND p.ref = request->>'consignee'),
           EXISTS (SELECT FROM licensing_licenseline n WHERE n.license_id = l.id AND n.capped),
           EXISTS (SELECT FROM licensing_quotapool)
    FROM licensing_license l
    WHERE l.ref = request->>'license' AND l.exporter_id = (request->>'organization')::bigint;
$$;
