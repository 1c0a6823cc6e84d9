"""What the OpenAPI document shows; a test reads each against its own schema."""

REQUEST = {
    "license": "EL-7QF4K2M1R",
    "client_reference": "PO-778/1",
    "end_user": "PTY-3V9D0XK7K",
    "consignee": "PTY-3V9D0XK7K",
    "destination": "DE",
    "port": "CNSHA",
    "planned_on": "2026-12-01",
    "lines": [{"license_line": 1, "quantity": "1200.000", "unit": "kg"}],
}
RESERVED = {
    "reference": "SH-0T5M8N2P1",
    "state": "reserved",
    "display": "Reserved",
    "on_hold": False,
    **{name: value for name, value in REQUEST.items() if name != "lines"},
    "reserved_until": "2026-12-31",
    "final": False,
    "declaration_no": None,
    "declared_at": None,
    "cleared_at": None,
    "report_due_on": None,
    "departed_on": None,
    "delivered_on": None,
    "lines": [
        {
            "license_line": 1,
            "quantity": "1200.000",
            "unit": "kg",
            "hs_code": "",
            "reserved": "1200.000",
            "drawn": "0.000",
            "released": "0.000",
            "over_cleared": "0.000",
            "returned": "0.000",
            "credited": "0.000",
            "available_after": "4660.000",
        }
    ],
    "questions": [],
    "corrections": [],
    "returns": [],
}
FAILURE = {
    "pointer": "/lines/0/quantity",
    "code": "line-exhausted",
    "message": "At most 1,000 kg.",
    "remaining": "1000.000",
}
EXHAUSTED = {
    "type": "/api/v1/docs/#line-exhausted",
    "title": "Not possible now",
    "status": 409,
    "code": "line-exhausted",
    "detail": "Line 1 has 1,000 kg left; asked: 1,200 kg.",
    "errors": [FAILURE],
    "instance": "8c1f5b0e4c2d4a6f9b3e7d1a2c4b6e8f",
}
VERDICT = {"accepted": False, "failures": [FAILURE]}
CLEARED = {
    "message_id": "GAC-2026-000123",
    "event": "cleared",
    "shipment": "SH-0T5M8N2P1",
    "declaration_no": "530120260123456789",
    "declared_at": "2026-12-01T09:30:00+08:00",
    "cleared_at": "2026-12-01T16:05:00+08:00",
    "final": True,
    "lines": [{"license_line": 1, "quantity": "1196.400", "unit": "kg"}],
}
RECEIPT = {
    "message_id": "GAC-2026-000123",
    "shipment": "SH-0T5M8N2P1",
    "state": "cleared",
    "lines": [{"license_line": 1, "drawn": "1196.400", "released": "3.600", "over_cleared": "0.000"}],
}
DEPARTURE = {"departed_on": "2026-12-03"}
DEPARTED = RESERVED | {
    "state": "departed",
    "display": "Departed",
    "declaration_no": CLEARED["declaration_no"],
    "declared_at": "2026-12-01T01:30:00Z",
    "cleared_at": "2026-12-01T08:05:00Z",
    "report_due_on": "2026-12-31",
    **DEPARTURE,
    "lines": [
        {
            "license_line": 1,
            "quantity": "1200.000",
            "unit": "kg",
            "hs_code": "",
            "reserved": "0.000",
            "drawn": "1196.400",
            "released": "3.600",
            "over_cleared": "0.000",
            "returned": "0.000",
            "credited": "0.000",
        }
    ],
}
DELIVERY = {"delivered_on": "2026-12-20"}
DELIVERED = DEPARTED | {"state": "delivered", "display": "Delivered", "report_due_on": None, **DELIVERY}
ROW = REQUEST | {"idempotency_key": "po-778-1"}
OUTCOMES = {"mode": "partial", "booked": 1, "outcomes": [{"row": 1, "status": 201, "body": RESERVED}]}
