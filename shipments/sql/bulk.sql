-- Many reservations in one transaction: each is judged and taken by shipment_reserve itself, in the order of the rows,
-- once all of them hold what they need (docs/ledger.md). So two bulks can't wait for each other in a circle.

-- requests: of one organization, each as shipment_reserve reads it, with its key and a client reference of its own.
-- Returns one of {in_progress}: the first request of a key is still running; {behind: [numbers of rows, from 0]}: the
--   rules are to be asked for these first; {outcomes: [as shipment_reserve says of each]}. After the first two nothing was
--   written. The keys of what is accepted or refused are held, and their answers the caller's to keep; no others are.
CREATE OR REPLACE FUNCTION shipment_reserve_many(requests jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    organization bigint := (requests->0->>'organization')::bigint;
    asked jsonb[] := ARRAY(SELECT item FROM jsonb_array_elements(requests) WITH ORDINALITY r (item, n) ORDER BY n);
    total int := cardinality(asked);
    outcomes jsonb[] := array_fill(NULL::jsonb, ARRAY[total]);
    judging boolean[] := array_fill(false, ARRAY[total]);
    licenses bigint[] := array_fill(NULL::bigint, ARRAY[total]);
    end_users bigint[] := array_fill(NULL::bigint, ARRAY[total]);
    consignees bigint[] := array_fill(NULL::bigint, ARRAY[total]);
    opened bigint[] := array_fill(NULL::bigint, ARRAY[total]);
    earlier jsonb[];
    lasts date[] := array_fill(NULL::date, ARRAY[total]);
    lic record;
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
            outcomes[n] := jsonb_build_object('problems', shipment_wrong(asked[n], lic.id, lic.end_user, lic.consignee,
                                                                         lic.capped, lic.pooled));
        END IF;
        licenses[n] := lic.id;
        end_users[n] := lic.end_user;
        consignees[n] := lic.consignee;
        lasts[n] := shipment_lasts(asked[n], lic.usable_until);
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
            FOR n IN SELECT r.n FROM unnest(asked, judging) WITH ORDINALITY r (item, judging, n)
                     WHERE r.judging ORDER BY item->>'client_reference' COLLATE "C" LOOP
                opened[n] := shipment_open(asked[n], licenses[n], end_users[n], consignees[n], lasts[n]);
            END LOOP;
            PERFORM ledger_hold(array_agg(licenses[r.n]), array_agg((line->>'line')::int))
                FROM unnest(asked, judging) WITH ORDINALITY r (item, judging, n),
                     jsonb_array_elements(item->'lines') line
                WHERE r.judging;

            FOR n IN 1 .. total LOOP
                IF judging[n] THEN
                    said := shipment_reserve(asked[n] - 'key' || jsonb_build_object('opened', opened[n]), false);
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
