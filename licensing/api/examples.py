"""What the OpenAPI document shows; a test reads each against its own schema."""

LINE = {
    "line": 1,
    "control_code": "1C905.a.4",
    "description": "Dysprosium oxide",
    "unit": "kg",
    "authorized": "18000.000",
    "credited": "0.000",
    "tolerance": "0.000",
    "reserved": "1080.000",
    "drawn": "11060.000",
    "lapsed": "0.000",
    "over_cleared": "0.000",
    "available": "5860.000",
}
LICENSE = {
    "number": "EL-7QF4K2M18",
    "kind": "annual",
    "state": "active",
    "display": "In force",
    "usable_from": "2026-07-22",
    "usable_until": "2027-07-22",
    "end_users": [{"party": "PTY-3V9D0XK2T", "name": "Nordwind Motoren", "country": "DK", "open": True}],
    "consignees": ["PTY-3V9D0XK2T"],
    "destinations": ["DK"],
    "ports": ["CNSHA"],
    "max_clearances": None,
    "clearances_taken": 4,
    "suspensions": [],
    "conditions": [],
    "lines": [LINE],
}
