"""What the OpenAPI document shows; a test reads each against its own schema."""

LINE = {
    "line": 1,
    "control_code": "1C905.a.4",
    "description": "Dysprosium oxide",
    "unit": "kg",
    "requested": "20000.000",
    "authorized": "18000.000",
    "credited": "0.000",
    "tolerance": "0.000",
    "reserved": "1080.000",
    "drawn": "11060.000",
    "lapsed": "0.000",
    "over_cleared": "0.000",
    "available": "5860.000",
    "value": None,
    "composition": {},
    "allotments": [],
}
DEADLINE = {
    "accepted_on": "2026-03-02",
    "working_days": 45,
    "day_30": "2026-05-09",
    "day_40": "2026-05-22",
    "deadline": "2026-05-29",
    "provisional": False,
}
VERIFIED = {
    "number": "EL-7QF4K2M1R",
    "part": "whole",
    "state": "in_force",
    "ended": None,
    "ended_on": None,
    "goes_on": False,
    "holder": "Lanting Magnetics Co., Ltd.",
    "end_user": None,
    "closed": [],
    "valid_from": "2026-03-02",
    "valid_to": "2027-03-01",
    "countries": ["DE"],
    "lines": [
        {
            "control_code": "1C905.a.4",
            "description": "Dysprosium oxide",
            "unit": "kg",
            "authorized": "18000.000",
            "left": "5860.000",
        }
    ],
    "ask": "Bureau of Export Control",
    "as_of": "2026-11-24T06:03:00Z",
}
APPLICATION = {
    "reference": "AP-5T0RK8W6M",
    "kind": "annual",
    "amends": None,
    "state": "under_review",
    "display": "Under review",
    "holder": "reviewer",
    "submitted_on": "2026-02-26",
    "accepted_on": "2026-03-02",
    "clock": {
        "kind": "45wd",
        "used": 18,
        "left": 27,
        "deadline": "2026-05-29",
        "provisional": False,
        "overdue": False,
        "overdue_before": None,
        "pauses": [{"reason": "expert", "from": "2026-03-16", "to": "2026-04-08"}],
    },
    "remedy": None,
    "lines": [
        {
            "line": 1,
            "control_code": "1C905.a.4",
            "description": "NdFeB magnets N42SH, Dy 3.2 %",
            "quantity": "60000.000",
            "unit": "kg",
        }
    ],
    "license": None,
}
LICENSE = {
    "number": "EL-7QF4K2M1R",
    "kind": "annual",
    "state": "active",
    "display": "In force",
    "replaces": None,
    "replaced_by": None,
    "usable_from": "2026-07-22",
    "usable_until": "2027-07-22",
    "end_users": [{"party": "PTY-3V9D0XK7K", "name": "Nordwind Motoren", "country": "DK", "open": True}],
    "consignees": ["PTY-3V9D0XK7K"],
    "destinations": ["DK"],
    "ports": ["CNSHA"],
    "max_clearances": None,
    "clearances_taken": 4,
    "clearances_used": 3,
    "suspensions": [],
    "revocation": None,
    "conditions": [],
    "reason": "18,000 kg is what the plant named uses in a year. A contract for more would change that.",
    "left_out": {"lines": [], "end_users": [], "planned_until": None},
    "lines": [LINE],
}
FACTS = {
    "as_of": "2026-01-20",
    "facts": {
        "item.control_code": "1C905.a.4",
        "destination.country": "DE",
        "end_use.code": "CIV_AUTO",
        "end_user.class": "commercial",
        "screening.hit": "none",
        "exporter.annual_qualified": True,
    },
}
ASSESSMENT = {
    "as_of": "2026-01-20",
    "edition": "LIST-2026-11-24-4f1c09",
    "controlled": True,
    "disposition": "presumption_of_approval",
    "channels": ["annual", "single"],
    "requires": [],
    "clock": "45wd",
    "missing": [],
    "final": True,
    "matched": [
        {
            "rule": "R001",
            "provision": "Ann. 18/2025, 1-7",
            "authority": "announcement",
            "verified": True,
            "text": "April list: license before export",
        },
        {
            "rule": "R040",
            "provision": None,
            "authority": "product",
            "verified": False,
            "text": "One-year licenses for civil magnets, with customers and end-use disclosed",
        },
    ],
    "holds": [
        {
            "id": "H001",
            "reason": "Talks are under way.",
            "owner": "Bureau of Export Control",
            "until": "2026-02-28",
            "reservations": False,
        }
    ],
}
