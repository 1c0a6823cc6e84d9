"""A license ends amid 160 reservations and 40 clearances, 14 at a time; the last fifth asks once it has ended."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from core.errors import DomainError
from shipments.actions import reserve

KG = 1000
MANY, UNDER_WAY, AT_ONCE = 160, 40, 14
BEFORE, AFTER = 70, 40


def amid(world, license, end, begins=lambda: None, *, pause=0.0):
    """What all were answered while it ended. begins: just before the first asks; pause: of each before it asks."""
    under_way = [world.shipment(license, 10 * KG).ref for _ in range(UNDER_WAY)]
    requests = [world.request(license, KG, client_reference=f"R-{number}") for number in range(MANY)]
    calls = [lambda one=one: reserve(one, by=world.exporter).ref and "accepted" for one in requests]
    for number, ref in enumerate(under_way):
        calls.insert(5 * number, lambda ref=ref: world.clear(ref, 10 * KG) and "cleared")
    calls.insert(BEFORE, lambda: end() and "")
    ended = threading.Event()

    def asked(number):
        time.sleep(pause)
        if number >= len(calls) - AFTER:
            ended.wait(60)
        try:
            return at_last(calls[number])
        except DomainError as refused:
            return refused.code
        finally:
            if number == BEFORE:
                ended.set()
            connections.close_all()

    begins()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [said for said in pool.map(asked, range(len(calls))) if said]


def at_last(call):
    """What it was answered once it did not wait too long for rows that others hold."""
    for _ in range(9):
        try:
            return call()
        except DomainError as refused:
            if refused.code != "busy":
                raise
    raise AssertionError("It never had its turn.")
