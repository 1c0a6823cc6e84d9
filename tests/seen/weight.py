"""What a page weighs to a browser that never was here and to one that was, as nginx and production send it: each page
of the access table, to each kind of person, in each state of its rows."""

import gzip
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

COLD, WARM, OURS = 60_000, 15_000, 45_000  # bytes: at most of 95 in 100, at most of styles and scripts
NEW = {  # pages of the ways that leave the straight one
    "application.merge",
    "desk.enforcement",
    "desk.inquiries",
    "desk.inquiry",
    "desk.proposals",
    "desk.reconsiderations",
    "inquiries",
    "inquiry",
    "inquiry.new",
}
LINKED = re.compile(r'(?:src|href)="/static/([^"?#]+)"')
PACKS = re.search(r"^\s*gzip\s+on;", (Path(settings.BASE_DIR) / "config" / "nginx.conf").read_text(), re.MULTILINE)


@cache
def of_file(name):
    """Styles and scripts are kept packed beside themselves (CompressedManifestStaticFilesStorage)."""
    content = Path(finders.find(name)).read_bytes()
    return min(len(content), len(gzip.compress(content, 9, mtime=0)))


def of(response):
    """(cold, warm, what it links to, address, route) of a page that opened."""
    if response.status_code != 200:
        return []
    names = set(LINKED.findall(response.content.decode()))
    page = len(gzip.compress(response.content, 6)) if PACKS else len(response.content)
    at, route = response.request["PATH_INFO"], response.resolver_match.view_name
    return [(page + sum(map(of_file, names)), page, names, at, route)]


def percentile(numbers):
    return sorted(numbers)[int(len(numbers) * 0.95)]


def heavy(found):
    """The heaviest, where more than 5 in 100 of these are heavier than they may be."""
    cold, warm = (percentile([one[place] for one in found]) for place in (0, 1))
    heaviest = sorted({(cold, path) for cold, _, _, path, _ in found}, reverse=True)[:15]
    return [] if cold <= COLD and warm <= WARM else [cold, warm, *heaviest]


def ours(found):
    """Bytes of styles and scripts at most, of one page."""
    return max(sum(of_file(name) for name in one[2] if name.endswith((".css", ".js"))) for one in found)
