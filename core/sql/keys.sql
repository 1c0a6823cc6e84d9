-- Who calls. Each call of a program begins with it, so PostgreSQL plans it once a session and not each time.

-- It opens something: it was not revoked, and its last instant is still to come.
CREATE OR REPLACE FUNCTION key_opens(k core_apikey) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT k.revoked_at IS NULL AND k.expires_at > legal_now();
$$;

-- The key whose digest this is, with its organization and user, when it opens something.
CREATE OR REPLACE FUNCTION live_key(digest_ text)
    RETURNS TABLE (key core_apikey, organization core_organization, person core_user) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT k, o, u FROM core_apikey k
        JOIN core_organization o ON o.id = k.organization_id JOIN core_user u ON u.id = k.user_id
        WHERE k.digest = digest_ AND key_opens(k);
END;
$$;

-- Which versions that key, its organization and its user are: another text once one of them was changed; NULL where the key
-- opens nothing.
CREATE OR REPLACE FUNCTION key_stamp(digest_ text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT row(k.xmin, o.xmin, u.xmin)::text FROM core_apikey k
        JOIN core_organization o ON o.id = k.organization_id JOIN core_user u ON u.id = k.user_id
        WHERE k.digest = digest_ AND key_opens(k));
END;
$$;
