"""The gate's own scripts: what they say when something is found, and when nothing could be looked up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).resolve().parent.parent.parent / ".ci" / "audit"
CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


def audited(folder, said, error=""):
    """What .ci/audit makes of this answer of pip-audit's."""
    (folder / "python").symlink_to(sys.executable)
    (folder / "said").write_text(said)
    tool = folder / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat {folder}/said\necho '{error}' >&2\n")
    tool.chmod(0o755)
    return subprocess.run([folder / "python", AUDIT], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([CLEAN], 0, "1 packages looked up, 0 with advisories"),
        ([CLEAN, BAD], 1, "VULNERABLE b 2: CVE-1, mended in 3"),
        ([CLEAN, UNKNOWN], 0, "NOT AUDITED FOR VULNERABILITIES: the service knows 1 of 2 packages"),
        ([UNKNOWN, BAD], 1, "VULNERABLE b 2: CVE-1, mended in 3"),
    ],
)
def test_an_advisory_fails_the_gate_and_what_was_not_looked_up_is_said(tmp_path, packages, code, words):
    done = audited(tmp_path, json.dumps({"dependencies": packages}))
    assert (done.returncode, words in done.stdout) == (code, True), done.stdout + done.stderr


def test_without_a_network_the_gate_goes_on_and_says_so(tmp_path):
    done = audited(tmp_path, "", "requests.exceptions.ConnectionError: no route")
    assert done.returncode == 0
    assert "NOT AUDITED FOR VULNERABILITIES: requests.exceptions.ConnectionError: no route" in done.stdout
