"""The access table says of every address and verb what the roles' own list says (tests/who.toml)."""

import csv
import tomllib
from collections import defaultdict
from pathlib import Path

from core import access
from core.models import Role

TESTS = Path(__file__).parent.parent
WHO = tomllib.loads((TESTS / "who.toml").read_text(encoding="utf-8"))


def verbs():
    """What the workflow tables say of each verb that people take: whose company's, and who took a case, is the row's
    own to ask."""
    roles = defaultdict(set)
    with (TESTS / "workflows.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            roles[f"{row['object']}.{row['verb']}"] |= {word.rpartition(":")[2] for word in row["who"].split()}
    return {(name, "POST"): (who & set(Role.values), set()) for name, who in roles.items() if who}


def listed():
    """{(name, method): (roles, scopes)}, and whatever stands in two classes."""
    found, twice = {}, []
    for who in WHO.values():
        opened = set(who.get("roles", "").split()), set(who.get("scopes", "").split())
        for method in ("get", "post"):
            for name in who.get(method, "").split():
                if (name, method.upper()) in found:
                    twice.append((name, method))
                found[name, method.upper()] = opened
    return found, twice


def test_every_row_of_the_access_table_is_in_one_class_and_opens_to_just_these():
    wanted, twice = listed()
    wanted = {key: opened for key, opened in verbs().items() if key in access.table()} | wanted
    table = {key: (set(row.roles), set(row.scopes)) for key, row in access.table().items()}
    assert twice == []
    assert {key: opened for key, opened in table.items() if opened != wanted.get(key)} == {}
    assert set(wanted) - set(table) == set()


def test_the_workflow_tables_and_the_list_of_roles_agree():
    wanted, _ = listed()
    said = {key: roles for key, (roles, _) in verbs().items() if key in wanted}
    assert said == {key: wanted[key][0] for key in said}


def test_nobody_but_the_auditor_reads_everything_and_changes_nothing():
    own = {"session", "set_language", "invitation"} | {
        name for name, _ in access.table() if name.startswith("account_")
    }
    posts = {name for (name, method), row in access.table().items() if method == "POST" and "auditor" in row.roles}
    asking = {"api.assessments"}  # a question that is too long for an address; nothing is kept
    assert posts - own == asking
