"""Lists: what may be searched, filtered, sorted and exported of a noun, declared once in its app's `web/lists.py`.

    THINGS = List(route="things", template=…, rows=…, columns=…, search=…, filters=…, order="-created")
    urlpatterns = [*addresses("things/", THINGS), …]     # the page, and things.csv

A page is a screen of rows between two keys, never a number of rows to skip; everything that narrows or sorts it stands
in its address, and what a list does not know is refused with 422.
"""

from core.web.lists.declared import Choice, Column, CountryName, Day, List, View, by_name, countries, days, state_word
from core.web.lists.export import csv_file, whole
from core.web.lists.listing import Listing
from core.web.lists.pages import addresses

__all__ = [
    "Choice",
    "Column",
    "CountryName",
    "Day",
    "List",
    "Listing",
    "View",
    "addresses",
    "by_name",
    "csv_file",
    "countries",
    "days",
    "state_word",
    "whole",
]
