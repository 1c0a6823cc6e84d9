-- A reservation, whole, in one statement (docs/ledger.md). Written by the newest migration that changes it; called by
-- shipments.actions.reservations, and for many at once by bulk.sql.

CREATE OR REPLACE FUNCTION shipment_wrong_day(planned date, today date, days_ahead int) RETURNS jsonb
    LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN planned BETWEEN today AND today + days_ahead THEN '[]'::jsonb
        ELSE '[{"pointer": "/planned_on", "code": "date-out-of-range"}]' END;
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
-- capped: the license caps something; pooled: there are national pools.
CREATE OR REPLACE FUNCTION shipment_wrong(request jsonb, license bigint, end_user bigint, consignee bigint, capped boolean,
                                          pooled boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    wrong jsonb := shipment_wrong_day((request->>'planned_on')::date, legal_day(legal_now()),
                                      (request->>'days_ahead')::int);
BEGIN
    IF consignee IS NULL THEN
        wrong := '[{"pointer": "/consignee", "code": "unknown-reference"}]' || wrong;
    END IF;
    IF end_user IS NULL THEN
        wrong := '[{"pointer": "/end_user", "code": "unknown-reference"}]' || wrong;
    END IF;
    IF capped THEN
        wrong := wrong || shipment_wrong_value(request, license);
    END IF;
    RETURN wrong || shipment_contents(request, license, end_user, pooled);
END;
$$;

-- The last day of the reservation.
CREATE OR REPLACE FUNCTION shipment_lasts(request jsonb, usable_until date) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT least((request->>'planned_on')::date + (request->>'reserved_days')::int, usable_until);
$$;

-- The new shipment, without lines; NULL where its client reference was used before.
CREATE OR REPLACE FUNCTION shipment_open(request jsonb, license bigint, end_user bigint, consignee bigint, lasts date)
    RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO shipments_shipment (ref, exporter_id, license_id, client_reference, state, end_user_id, consignee_id,
            destination, port, planned_on, reserved_until, final, declaration_no, counted, created_by_id, created_at)
        VALUES (request->>'ref', (request->>'organization')::bigint, license, request->>'client_reference', 'reserved',
            end_user, consignee, request->>'destination', request->>'port', (request->>'planned_on')::date, lasts,
            (request->>'final')::boolean, '', true, (request->>'actor')::bigint, legal_now())
        ON CONFLICT (exporter_id, client_reference) DO NOTHING RETURNING id;
$$;

-- That of one that was opened for this very request and has no lines yet; NULL of any other.
CREATE OR REPLACE FUNCTION shipment_opened(request jsonb) RETURNS bigint LANGUAGE sql AS $$
    SELECT s.id FROM shipments_shipment s
        WHERE s.id = (request->>'opened')::bigint AND s.state = 'reserved'
          AND (s.ref, s.license_id, s.end_user_id, s.consignee_id, s.destination, s.planned_on)
            = (request->>'ref', (request->>'license')::bigint, (request->>'end_user')::bigint,
               (request->>'consignee')::bigint, request->>'destination', (request->>'planned_on')::date)
          AND NOT EXISTS (SELECT FROM shipments_shipmentline l WHERE l.shipment_id = s.id);
$$;

-- What each line has left, as JSON, in the unit in which it was asked for (core.quantities.show).
CREATE OR REPLACE FUNCTION shipment_left(asked jsonb, taken jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg(format('"%s"', CASE asked->(n::int - 1)->>'unit' WHEN 'kg' THEN round(left_over / 1000, 3)
                                                                      ELSE left_over END) ORDER BY n)
    FROM jsonb_array_elements(taken) WITH ORDINALITY of_lines (line, n),
         LATERAL (SELECT (line->>'available_after')::numeric) after (left_over);
$$;

-- The shipment exists and its quantity is reserved, with its history and, under a key, its answer; or nothing was written.
-- request: {organization, actor, key, fingerprint, ref, license, client_reference, end_user, consignee, destination,
--           port, planned_on, final, days_ahead, reserved_days, late_days, judged, opened,
--           lines: [{line, quantity, unit, hs, value, currency, composition, oxide, contents}]};
--           parties and license by reference.
-- dry: judged only; no lock, no write, no key.
-- answer: kept under the key, as answer_keep reads it; its blanks are reserved_until, one that a process of before
--   shipments 0023 has for on_hold, which what is accepted never is, and what each line has left.
-- Returns one of {earlier: as answer_claim says} · {missing} · {problems: [{pointer, code, …}]} · as ledger_take does,
--   with what was used of the client's reference before, and, where it was accepted, {answer: its body}, or
--   {shipment, license: {…}, …} without a key.
CREATE OR REPLACE FUNCTION shipment_reserve(request jsonb, dry boolean, answer jsonb DEFAULT NULL) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    organization bigint := (request->>'organization')::bigint;
    planned date := (request->>'planned_on')::date;
    lic record;
    lasts date;
    shipment bigint;
    wrong jsonb;
    used jsonb;
    said jsonb;
    held boolean := answer IS NULL;  -- its key, if it has one
BEGIN  -- what is refused is undone
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
        RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';
    END IF;
    wrong := shipment_wrong(request, lic.id, lic.end_user, lic.consignee, lic.capped, lic.pooled);
    IF wrong <> '[]' THEN
        said := jsonb_build_object('problems', wrong);
        RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';
    END IF;
    lasts := shipment_lasts(request, lic.usable_until);
    request := request || jsonb_build_object('license', lic.id, 'end_user', lic.end_user, 'consignee', lic.consignee);

    IF NOT dry THEN
        -- one of many stands already, as it came in the order of references (bulk.sql)
        shipment := CASE WHEN request ? 'opened' THEN shipment_opened(request)
            ELSE shipment_open(request, lic.id, lic.end_user, lic.consignee, lasts) END;
    END IF;
    IF shipment IS NULL THEN
        SELECT jsonb_agg(jsonb_build_object('code', 'client-reference-used', 'pointer', '/client_reference',
                                            'shipment', s.ref)) INTO used
            FROM shipments_shipment s
            WHERE s.exporter_id = organization AND s.client_reference = request->>'client_reference';
        IF request ? 'opened' AND used IS NULL THEN
            RAISE EXCEPTION 'a shipment is opened for its own request' USING ERRCODE = 'check_violation';
        END IF;
        IF dry THEN
            said := ledger_take(request, true);
            said := shipment_reports_owed(said, organization, (request->>'late_days')::int);
            RETURN said || jsonb_build_object('accepted', used IS NULL AND (said->>'accepted')::boolean,
                                              'failures', coalesce(used, '[]') || (said->'failures'));
        END IF;
        said := jsonb_build_object('accepted', false, 'failures', used);
        RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';
    END IF;
    INSERT INTO shipments_shipmentline (shipment_id, line_number, quantity, unit, hs_code, value, currency, composition,
            contents, held, drawn, released, over_cleared)
        SELECT shipment, (i->>'line')::int, (i->>'quantity')::bigint, i->>'unit', i->>'hs', (i->>'value')::numeric,
               i->>'currency', i->'composition', coalesce(i->'contents', '{}'), (i->>'quantity')::bigint, 0, 0, 0
        FROM jsonb_array_elements(request->'lines') i;
    said := ledger_take(request || jsonb_build_object('shipment', shipment, 'shipment_ref', request->>'ref'), false);
    said := shipment_reports_owed(said, organization, (request->>'late_days')::int);
    IF NOT (said->>'accepted')::boolean THEN
        RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';
    END IF;
    -- it may have waited for a lock across midnight
    wrong := shipment_wrong_day(planned, (said->>'today')::date, (request->>'days_ahead')::int);
    IF wrong <> '[]' THEN
        said := jsonb_build_object('problems', wrong);
        RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';
    END IF;
    IF lic.capped THEN
        UPDATE shipments_shipmentline s SET worth = (i->>'worth')::bigint, worth_held = (i->>'worth')::bigint
            FROM jsonb_array_elements(said->'lines') i
            WHERE s.shipment_id = shipment AND s.line_number = (i->>'line')::int AND i->>'worth' IS NOT NULL;
    END IF;
    PERFORM history_begin('shipment', shipment, request->>'ref', 'reserve', 'reserved', (request->>'actor')::bigint,
        (said->>'at')::timestamptz, lic.edition);
    IF answer IS NULL THEN
        RETURN said || jsonb_build_object('shipment', shipment, 'exporter', lic.exporter,
            'license', jsonb_build_object('id', lic.id, 'ref', lic.ref, 'state', said->'state'), 'reserved_until', lasts);
    END IF;
    RETURN jsonb_build_object('answer', answer_keep(organization, request->>'key', answer,
        ARRAY[to_json(lasts)::text, 'false'] || shipment_left(request->'lines', said->'lines')));
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
