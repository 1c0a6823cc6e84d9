"""What those who walk over the pages of the access table must know of them beside it."""

from licensing.loading import first_edition

# files, JSON, what only leads on, and the embedded explorer, which others wrote
NO_PAGES = {
    "document",
    "document.credential",
    "healthz",
    "jwks",
    "verify",
    "verify.ask",
    "verify.program",
    "readyz",
    "session",
    "api.explorer",
    "api.schema",
}
NO_PAGES |= {"rules.edition.text", "desk.edition.text", "desk.draft.text", "desk.draft.figures"}
NO_PAGES |= {"declaration.form"}
NOUNS = {
    "member": "membership",
    "officer": "membership",
    "key": "apikey",
    "edition": "policyedition",
    "proposal": "draft",
}  # called otherwise
READS = {"mailbox.read": "mail"}  # takes a row that everybody sees
ALSO = {  # what an address takes beside its row
    "rules.instrument": {"name": "A46-2024"},
    "rules.edition": {"ref": first_edition().code},
    "desk.draft.rows": {"part": "groups"},
    "desk.draft.row.new": {"part": "rules"},
    "desk.draft.row": {"part": "end_uses", "key": "CIV_AUTO"},
}
# the check's answers: several items to choose among, one with everything, one that wants facts, one without a license
CHECKED = [
    "item=1C909&to=DE",
    "item=1C909.b&to=DE&use=CIV_AUTO&user=commercial&hit=none&on=2026-11-11",
    "item=1C905.a.4",
    "territory=overseas&item=ANN61-P2&to=FR&use=HUMANITARIAN&origin=FR&value=100&input=1&on=2026-11-20",
]
