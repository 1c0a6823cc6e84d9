"""Drafts of the first edition, each made by one change of its document."""

import copy
from functools import cache

from licensing.loading import first_document
from licensing.policy.editions import canonical, read
from licensing.policy.engine import Compiled


@cache
def first():
    return Compiled(read(canonical(first_document())))


def draft(change):
    """The first edition after `change(rules, document)`: rules by their ids, and the whole document."""
    document = copy.deepcopy(first_document())
    change({rule["id"]: rule for rule in document["rules"]}, document)
    return Compiled(read(canonical(document)))


def another(rules, document, name, like, **parts):
    """One more rule, like one that is there."""
    document["rules"].append({**copy.deepcopy(rules[like]), "id": name, **parts})
