"""How much of each account of a license is taken, where its holder has not been told."""

from dataclasses import asdict, dataclass

from django.db import connection

PERCENTS = (80, 95, 100)
_DUE = """
    WITH account AS (
        SELECT l.license_id, l.number AS line, 'quantity' AS account, '' AS end_user,
               l.reserved + l.drawn AS taken, l.authorized + l.credited AS whole
        FROM licensing_licenseline l
        UNION ALL
        SELECT l.license_id, l.number, c.account, coalesce(p.ref, ''), c.reserved + c.drawn, c.authorized
        FROM licensing_ceiling c JOIN licensing_licenseline l ON l.id = c.line_id
        LEFT JOIN licensing_licenseenduser u ON u.id = c.end_user_id LEFT JOIN exporters_party p ON p.id = u.party_id
    )
    SELECT a.license_id, a.line, a.account, a.end_user, t.percent
    FROM account a JOIN licensing_license lic ON lic.id = a.license_id AND license_in_force(lic.state),
    LATERAL (SELECT max(p) AS percent FROM unnest(%s) p WHERE a.taken * 100 >= a.whole * p) t
    WHERE t.percent IS NOT NULL AND (%s IS NULL OR a.license_id = %s) AND NOT EXISTS (
        SELECT FROM core_historyline h
        WHERE h.subject_kind = 'license' AND h.subject_id = a.license_id AND h.verb = 'warn_of_use'
          AND (h.facts->>'percent')::int >= t.percent AND (h.facts->>'line')::int = a.line
          AND h.facts->>'account' = a.account AND h.facts->>'end_user' = a.end_user)
    ORDER BY a.license_id, a.line, a.account DESC, a.end_user
"""


@dataclass(frozen=True)
class Use:
    """Of a line's quantity or value, or of an end-user's share (its reference): at least so many percent are taken."""

    line: int
    account: str
    end_user: str
    percent: int

    def facts(self) -> dict[str, int | str]:
        return asdict(self)


def uses_untold(license: int | None = None) -> dict[int, list[Use]]:
    """By license in force: the highest of PERCENTS that an account has reached, and nobody was told."""
    found: dict[int, list[Use]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [list(PERCENTS), license, license])
        for pk, *use in cursor.fetchall():
            found.setdefault(pk, []).append(Use(*use))
    return found
