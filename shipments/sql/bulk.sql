-- Many reservations in one transaction: each is judged and taken as shipment_reserve does, in the order of the rows, once
-- all of them hold what they need (docs/ledger.md). So two bulks can't wait for each other in a circle.

-- requests: of one organization, each as shipment_reserve reads it, with its key and a client reference of its own.
-- Returns one of {in_progress}: the first request of a key is still running; {behind: [numbers of rows, from 0]}: the
--   rules are to be asked for these first; {outcomes: [as shipment_reserve says of each]}. After the first two nothing was
--   written. The keys of what is accepted or refused, as `kept` (core/idempotency.py) has it, are held, and their answers
--   the caller's to keep; no others are.
CREATE OR REPLACE FUNCTION shipment_reserve_many(requests jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    organization bigint := (requests->0->>'organization')::bigint;
    asked jsonb[] := ARRAY(SELECT item FROM jsonb_array_elements(requests) WITH ORDINALITY r (item, n) ORDER BY n);
    total int := cardinality(asked);
    outcomes jsonb[] := array_fill(NULL::jsonb, ARRAY[total]);
    judging boolean[] := array_fill(false, ARRAY[total]);
    read shipment_read[] := array_fill(NULL::shipment_read, ARRAY[total]);
    opened bigint[] := array_fill(NULL::bigint, ARRAY[total]);
    earlier jsonb[];
    lic shipment_read;
    said jsonb;
    refused bigint[];
    behind int[] := '{}';
    wrong boolean;
    n int;
BEGIN
    FOR n IN 1 .. total LOOP
        SELECT * INTO lic FROM shipment_license(asked[n]);
        IF NOT FOUND THEN
            outcomes[n] := '{"missing": true}';
            CONTINUE;
        END IF;
        judging[n] := lic.end_user IS NOT NULL AND lic.consignee IS NOT NULL;
        IF NOT judging[n] THEN
            outcomes[n] := jsonb_build_object('problems', shipment_wrong(asked[n], lic));
        END IF;
        read[n] := lic;
    END LOOP;

    LOOP
        wrong := false;
        refused := '{}';
        BEGIN
            earlier := answer_claims(organization, ARRAY(SELECT item->>'key' FROM unnest(asked) item),
                                     ARRAY(SELECT item->>'fingerprint' FROM unnest(asked) item), judging);
            IF earlier IS NULL THEN
                RETURN '{"in_progress": true}';
            END IF;
            FOR n IN 1 .. total LOOP
                IF earlier[n] IS NOT NULL THEN
                    outcomes[n] := jsonb_build_object('earlier', earlier[n]);
                    judging[n] := false;
                END IF;
            END LOOP;
            PERFORM shipment_queue(array_agg(r.id), array_agg((line->>'line')::int))
                FROM ROWS FROM (unnest(asked), unnest(judging), unnest(read)) r (item, judging, id),
                     jsonb_array_elements(item->'lines') line
                WHERE r.judging;
            FOR n IN SELECT r.n FROM unnest(asked, judging) WITH ORDINALITY r (item, judging, n)
                     WHERE r.judging ORDER BY item->>'client_reference' COLLATE "C" LOOP
                opened[n] := shipment_open(asked[n], read[n]);
            END LOOP;
            PERFORM ledger_hold(array_agg(r.id), array_agg((line->>'line')::int))
                FROM ROWS FROM (unnest(asked), unnest(judging), unnest(read)) r (item, judging, id),
                     jsonb_array_elements(item->'lines') line
                WHERE r.judging;

            FOR n IN 1 .. total LOOP
                IF judging[n] THEN
                    BEGIN
                        said := shipment_taken(asked[n], read[n], opened[n]);
                        IF (said->>'accepted')::boolean IS NOT TRUE THEN
                            RAISE EXCEPTION 'nothing is taken' USING ERRCODE = 'LS409';
                        END IF;
                        said := said || jsonb_build_object('reserved_until', shipment_lasts(asked[n], (read[n]).usable_until));
                    EXCEPTION WHEN SQLSTATE 'LS409' THEN
                        NULL;  -- what it wrote is undone
                    END;
                    outcomes[n] := said;
                    IF said->'accepted' IS NULL THEN
                        judging[n] := false;
                        wrong := true;
                    ELSIF (said->>'behind')::boolean THEN
                        behind := behind || n - 1;
                    ELSIF NOT (said->>'accepted')::boolean THEN
                        refused := refused || opened[n];
                    END IF;
                END IF;
            END LOOP;
            IF wrong OR behind <> '{}' THEN
                RAISE EXCEPTION 'all of it is undone' USING ERRCODE = 'LS409';
            END IF;
            EXIT;
        EXCEPTION WHEN SQLSTATE 'LS409' THEN
            IF behind <> '{}' THEN
                RETURN jsonb_build_object('behind', behind);
            END IF;
            -- what is wrong with a request itself leaves its key free: once more, without those
        END;
    END LOOP;
    DELETE FROM shipments_shipment WHERE id = ANY (refused);
    RETURN jsonb_build_object('outcomes', to_jsonb(outcomes));
END;
$$;
