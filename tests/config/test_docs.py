"""Docs that are made from the code are fresh, and the README names what is there."""

import re
from pathlib import Path

from config.management.commands.workflows import TARGET, page

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_workflow_diagrams_are_the_graphs():
    assert TARGET.read_text(encoding="utf-8") == page(), "run ./run manage workflows"


def test_every_path_that_the_readme_and_docs_name_exists():
    missing = []
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                missing.append((document.name, target))
    assert missing == []


def test_what_the_readme_names_in_a_file_stands_there():
    named = re.findall(r"`(\w+)` in \[[^\]]*\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [pair for pair in named if not re.search(rf"\b{pair[0]}\b", (ROOT / pair[1]).read_text("utf-8"))] == []
