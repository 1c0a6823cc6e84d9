"""demo.json: what a client must know to use the demo world."""

import json
from pathlib import Path
from typing import Any

from config.local.demo.world import World, accounts, make, make_keys
from core.checks import DEMO_DOMAIN
from core.models import User
from licensing.models import License


def ensure(path: Path, *, base_url: str) -> bool:
    """The demo world exists and `path` tells a client how to use it. True when it was made just now."""
    made = not User.objects.filter(email__endswith=f"@{DEMO_DOMAIN}").exists()
    if made:
        with_world = make()
    elif path.exists():
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["base_url"] != base_url:
            write(path, told | {"base_url": base_url})
        return False
    else:
        with_world = World(accounts=accounts())
        make_keys(with_world)
    write(
        path,
        {
            "base_url": base_url,
            "accounts": with_world.accounts,
            "api_keys": with_world.keys,
            "customs_key": with_world.customs_key,
            "licenses": licenses(),
        },
    )
    return made


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)


def licenses() -> list[dict[str, Any]]:
    rows = License.objects.prefetch_related("end_users__party", "consignees").select_related("exporter__organization")
    return [
        {
            "number": row.ref,
            "kind": row.kind,
            "organization": row.exporter.organization.name_en,
            "state": row.state,
            "verify_code": row.verify_code,
            "end_user": row.end_users.all()[0].party.ref,
            "consignee": row.consignees.all()[0].ref,
            "destination": row.end_users.all()[0].destination,
            "port": row.ports[0] if row.ports else "CNSHA",
        }
        for row in rows.order_by("pk")
    ]
