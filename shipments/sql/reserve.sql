-- A reservation, whole, in one statement (docs/ledger.md). Written by the newest migration that changes it; called by
-- shipments.actions.reservations, and for many at once by bulk.sql.

SET LOCAL check_function_bodies = off;  -- some call what a later migration brings

-- A license as it takes to judge a request of it. end_user, consignee: NULL where the company knows none of this reference.
-- capped: it caps something. pooled: there are national pools.
DO $$ BEGIN
    IF to_regtype('shipment_read') IS NULL THEN
        CREATE TYPE shipment_read AS (id bigint, edition text, usable_until date, end_user bigint, consignee bigint,
            capped boolean, pooled boolean);
    END IF;
END $$;

-- The license that a request of its company names, and what it takes to judge it; no row where there is none.
CREATE OR REPLACE FUNCTION shipment_license(request jsonb) RETURNS SETOF shipment_read LANGUAGE sql STABLE AS $$
    SELECT l.id, l.edition, l.usable_until,
           (SELECT p.id FROM exporters_party p WHERE p.exporter_id = l.exporter_id AND p.ref = request->>'end_user'),
           (SELECT p.id FROM exporters_party p WHERE p.exporter_id = l.exporter_id AND p.ref = request->>'consignee'),
           EXISTS (SELECT FROM licensing_licenseline n WHERE n.license_id = l.id AND n.capped),
           EXISTS (SELECT FROM licensing_quotapool)
    FROM licensing_license l
    WHERE l.ref = request->>'license' AND l.exporter_id = (request->>'organization')::bigint;
$$;

-- What is wrong with the values that the request states: [{pointer, code, …}]; of a license that caps one.
CREATE OR REPLACE FUNCTION shipment_wrong_value(request jsonb, license bigint) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
            'pointer', format('/lines/%s/value', asked.number - 1) || CASE WHEN said THEN '/currency' ELSE '' END,
            'code', CASE WHEN said THEN 'no-rate' ELSE 'required' END, 'currency', c.currency,
            'stated', asked.item->>'currency') ORDER BY asked.number), '[]')
        FROM jsonb_array_elements(request->'lines') WITH ORDINALITY asked (item, number)
        JOIN licensing_licenseline l ON l.license_id = license AND l.number = (asked.item->>'line')::int AND l.capped
        JOIN licensing_ceiling c ON c.line_id = l.id AND c.account = 'value',
        LATERAL (SELECT asked.item->>'value' IS NOT NULL) stated (said)
        WHERE NOT said
           OR ledger_rate(asked.item->>'currency', c.currency, legal_day(legal_now())) IS NULL;
$$;

-- What is wrong with the request itself, whatever is left on the license: [{pointer, code, …}].
CREATE OR REPLACE FUNCTION shipment_wrong(request jsonb, lic shipment_read) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE WHEN lic.end_user IS NULL THEN '[{"pointer": "/end_user", "code": "unknown-reference"}]' ELSE '[]'::jsonb END
        || CASE WHEN lic.consignee IS NULL THEN '[{"pointer": "/consignee", "code": "unknown-reference"}]' ELSE '[]'::jsonb END
        || CASE WHEN (request->>'planned_on')::date - legal_day(legal_now()) NOT BETWEEN 0 AND (request->>'days_ahead')::int
            THEN '[{"pointer": "/planned_on", "code": "date-out-of-range"}]' ELSE '[]'::jsonb END
        || CASE WHEN lic.capped THEN shipment_wrong_value(request, lic.id) ELSE '[]' END
        || CASE WHEN lic.pooled OR jsonb_path_exists(request, '$.lines[*].oxide ? (@ <> "")')
            THEN shipment_contents(request, lic.id, lic.end_user, lic.pooled) ELSE '[]' END;
$$;

-- The last day of the reservation.
CREATE OR REPLACE FUNCTION shipment_lasts(request jsonb, usable_until date) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT least((request->>'planned_on')::date + (request->>'reserved_days')::int, usable_until);
$$;

-- The new shipment, without lines; NULL where its client reference was used before.
CREATE OR REPLACE FUNCTION shipment_open(request jsonb, lic shipment_read) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO shipments_shipment (ref, exporter_id, license_id, client_reference, state, end_user_id, consignee_id,
            destination, port, planned_on, reserved_until, final, declaration_no, counted, created_by_id, created_at)
        VALUES (request->>'ref', (request->>'organization')::bigint, lic.id, request->>'client_reference', 'reserved',
            lic.end_user, lic.consignee, request->>'destination', request->>'port', (request->>'planned_on')::date,
            shipment_lasts(request, lic.usable_until), (request->>'final')::boolean, '',
            ledger_counts('reserve'), (request->>'actor')::bigint, legal_now())
        ON CONFLICT (exporter_id, client_reference) DO NOTHING RETURNING id;
$$;

-- That its client reference was used before: a refusal's failures; NULL where it was not.
CREATE OR REPLACE FUNCTION shipment_used(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_agg(jsonb_build_object('code', 'client-reference-used', 'pointer', '/client_reference', 'shipment', s.ref))
    FROM shipments_shipment s
    WHERE s.exporter_id = (request->>'organization')::bigint AND s.client_reference = request->>'client_reference';
$$;

-- This transaction has come to the head of a queue for the line; the others stand behind, and a commit wakes
-- the first of one. Behind the row alone each commit wakes everybody: it leaves a new version, for which all of them wait
-- anew, and all hold the same parents by then. There are four a line, so that some have written their shipments when they
-- may reserve. Nothing rests on this: what holds is the ledger's lock of the rows.
CREATE OR REPLACE FUNCTION shipment_in_queue(license bigint, line int) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock((license & 2147483647)::int, (line & 134217727) * 4 + pg_backend_pid() % 4);
$$;

-- The same for each of these lines, of licenses that stand beside them.
CREATE OR REPLACE FUNCTION shipment_queue(licenses bigint[], numbers int[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM shipment_in_queue(license, line)
        FROM (SELECT DISTINCT license, line FROM unnest(licenses, numbers) w (license, line) ORDER BY 1, 2) wanted;
END;
$$;

-- What each line has left, as JSON, in the unit in which it was asked for (core.quantities.show).
CREATE OR REPLACE FUNCTION shipment_left(asked jsonb, taken jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(format('"%s"', CASE asked->(n::int - 1)->>'unit' WHEN 'kg' THEN round(left_over / 1000, 3)
                                                                      ELSE left_over END) ORDER BY n)
    FROM jsonb_array_elements(taken) WITH ORDINALITY of_lines (line, n),
         LATERAL (SELECT (line->>'available_after')::numeric) after (left_over);
$$;

-- The quota that is asked for a shipment, as ledger_take judges or takes it, and then whether the company owes reports.
CREATE OR REPLACE FUNCTION shipment_judged(request jsonb, lic shipment_read, shipment bigint) RETURNS jsonb LANGUAGE sql AS $$
    SELECT shipment_reports_owed(ledger_take(request || jsonb_build_object('license', lic.id, 'end_user', lic.end_user,
            'consignee', lic.consignee, 'shipment', shipment, 'shipment_ref', request->>'ref'), shipment IS NULL),
        (request->>'organization')::bigint, (request->>'late_days')::int);
$$;

-- Whether it would be taken, as shipment_reserve says it. No lock, no write.
CREATE OR REPLACE FUNCTION shipment_outlook(request jsonb, lic shipment_read) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    wrong jsonb := shipment_wrong(request, lic);
    used jsonb := shipment_used(request);
    said jsonb;
BEGIN
    IF wrong <> '[]' THEN
        RETURN jsonb_build_object('problems', wrong);
    END IF;
    said := shipment_judged(request, lic, NULL);
    RETURN said || jsonb_build_object('accepted', used IS NULL AND (said->>'accepted')::boolean,
                                      'failures', coalesce(used, '[]') || (said->'failures'));
END;
$$;

-- The shipment, its quantity and its history, or why not, as shipment_reserve says it: of what is not accepted the caller
-- undoes what was written. opened: by shipment_open, of one that stands already (bulk.sql).
CREATE OR REPLACE FUNCTION shipment_taken(request jsonb, lic shipment_read, opened bigint) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    shipment bigint := opened;
    wrong jsonb := shipment_wrong(request, lic);
    said jsonb;
BEGIN
    IF wrong <> '[]' THEN
        RETURN jsonb_build_object('problems', wrong);
    END IF;
    IF shipment IS NULL THEN
        PERFORM shipment_in_queue(lic.id, (request #>> '{lines,0,line}')::int);
        shipment := shipment_open(request, lic);
        IF shipment IS NULL THEN
            RETURN jsonb_build_object('accepted', false, 'failures', shipment_used(request));
        END IF;
    END IF;
    INSERT INTO shipments_shipmentline (shipment_id, line_number, quantity, unit, hs_code, value, currency, composition,
            contents, held, drawn, released, over_cleared)
        SELECT shipment, (i->>'line')::int, (i->>'quantity')::bigint, i->>'unit', i->>'hs', (i->>'value')::numeric,
               i->>'currency', i->'composition', coalesce(i->'contents', '{}'), (i->>'quantity')::bigint, 0, 0, 0
        FROM jsonb_array_elements(request->'lines') i;
    said := shipment_judged(request, lic, shipment);
    IF NOT (said->>'accepted')::boolean THEN
        RETURN said;
    END IF;
    -- it may have waited for a lock across midnight
    IF (request->>'planned_on')::date < (said->>'today')::date THEN
        RETURN '{"problems": [{"pointer": "/planned_on", "code": "date-out-of-range"}]}';
    END IF;
    IF lic.capped THEN
        UPDATE shipments_shipmentline s SET worth = (i->>'worth')::bigint, worth_held = (i->>'worth')::bigint
            FROM jsonb_array_elements(said->'lines') i
            WHERE s.shipment_id = shipment AND s.line_number = (i->>'line')::int AND i->>'worth' IS NOT NULL;
    END IF;
    PERFORM history_begin('shipment', shipment, request->>'ref', 'reserve', 'reserved', (request->>'actor')::bigint,
        (said->>'at')::timestamptz, lic.edition);
    RETURN said;
END;
$$;

-- The shipment exists and its quantity is reserved, with its history and, under a key, its answer; or nothing was written.
-- request: {organization, actor, key, fingerprint, ref, license, client_reference, end_user, consignee, destination,
--           port, planned_on, final, days_ahead, reserved_days, late_days, judged,
--           lines: [{line, quantity, unit, hs, value, currency, composition, oxide, contents}]};
--           parties and license by reference.
-- dry: judged only; no lock, no write, no key.
-- answer: kept under the key, as answer_keep reads it; its blanks are reserved_until, one that a process of an
--   earlier version has for on_hold, which what is accepted never is, and what each line has left.
-- Returns one of {earlier: as answer_claim says} · {missing} · {problems: [{pointer, code, …}]} · as ledger_take does,
--   with what was used of the client's reference before and, where it was accepted, reserved_until; or {answer: its body}.
CREATE OR REPLACE FUNCTION shipment_reserve(request jsonb, dry boolean, answer jsonb DEFAULT NULL) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    organization bigint := (request->>'organization')::bigint;
    lic shipment_read;
    said jsonb;
    held boolean := answer IS NULL;  -- its key, if it has one
BEGIN
    IF request ? 'opened' THEN  -- a bulk of the version before, which waited while this was changed: once more
        RAISE EXCEPTION 'nothing is opened by a request' USING ERRCODE = 'serialization_failure';
    END IF;
    IF held AND request ? 'key' AND NOT dry THEN
        RAISE EXCEPTION 'a key has an answer' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT held THEN
        said := answer_hold(organization, request->>'key', request->>'fingerprint');
        IF said IS NOT NULL THEN
            RETURN jsonb_build_object('earlier', said);
        END IF;
        held := true;
    END IF;
    SELECT * INTO lic FROM shipment_license(request);
    IF NOT FOUND THEN
        said := '{"missing": true}';
    ELSIF NOT dry THEN
        said := shipment_taken(request, lic, NULL);
    ELSE
        RETURN shipment_outlook(request, lic);
    END IF;
    IF (said->>'accepted')::boolean IS NOT TRUE THEN
        RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';  -- the key neither
    END IF;
    IF answer IS NULL THEN
        RETURN said || jsonb_build_object('reserved_until', shipment_lasts(request, lic.usable_until));
    END IF;
    RETURN jsonb_build_object('answer', answer_keep(organization, request->>'key', answer,
        ARRAY[to_json(shipment_lasts(request, lic.usable_until))::text, 'false']
            || shipment_left(request->'lines', said->'lines')));
EXCEPTION
    WHEN SQLSTATE 'LS409' THEN
        RETURN said;
    WHEN lock_not_available THEN
        IF held THEN  -- what is waited for is somebody else's row
            RAISE;
        END IF;
        RETURN '{"earlier": {"in_progress": true}}';
END;
$$;
