"""Docs that are made from the code are fresh, and the README names what is there."""

import re
from pathlib import Path

from config.management.commands.workflows import TARGET, page

ROOT = Path(__file__).resolve().parent.parent.parent
NAMED = re.compile(r"((?:`\w+`(?:,? and |, )?)+) in \[[^\]]*\]\(([^)#]+)\)")


def test_the_workflow_diagrams_are_the_graphs():
    assert TARGET.read_text(encoding="utf-8") == page(), "run ./run manage workflows"


def test_every_path_that_the_readme_and_docs_name_exists():
    missing = []
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                missing.append((document.name, target))
    assert missing == []


def test_what_the_tables_name_in_a_file_stands_there():
    absent = []
    for document in (ROOT / "README.md", ROOT / "docs" / "where.md"):
        said = NAMED.findall(document.read_text(encoding="utf-8"))
        named = [(name, document.parent / file) for names, file in said for name in re.findall(r"\w{4,}", names)]
        assert len(named) > 20
        absent += [pair for pair in named if not re.search(rf"\b{pair[0]}\b", pair[1].read_text(encoding="utf-8"))]
    assert absent == []


def test_the_readme_s_table_is_read_at_once():
    """What else somebody looks for is in docs/where.md."""
    _before, table = (ROOT / "README.md").read_text(encoding="utf-8").split("| question | answer |\n|---|---|\n")
    assert 20 < len(re.match(r"(?:\| .* \|\n)*", table)[0].splitlines()) <= 30
