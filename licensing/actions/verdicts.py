"""The verdicts of a license: written at issue and at each turn, under the lock of its lines."""

from collections.abc import Sequence

from licensing.models import ApplicationLine, License, LicenseEndUser, Verdict
from licensing.selectors import Judged, prohibited


def open_verdicts(
    license: License,
    lines: Sequence[int],
    users: Sequence[LicenseEndUser],
    asked: Sequence[ApplicationLine],
    judged: Sequence[Judged],
) -> None:
    """Each line of a new license has a verdict for each end-user, on the facts that were judged: frozen from now on.

    lines: keys of its lines; asked: those of its case, in the same order.
    """
    facts = {(one.line.number, one.user.party_id): one.facts for one in judged}
    Verdict.objects.bulk_create(
        Verdict(
            line_id=line,
            end_user=user,
            facts=facts[case.number, user.party_id],
            prohibited=prohibited(
                judged[0].editions,
                facts[case.number, user.party_id],
                since=license.issued_at,
                contract=license.application.contract_on,
            ),
        )
        for line, case in zip(lines, asked, strict=True)
        for user in users
    )
