"""What a draft of the rules would do to the book: to open cases, licenses in force and reserved shipments, and what it
would have said of the cases of the last twelve months.

Nothing is written, and everything is judged by what judges it once the draft is in force.
"""

from licensing.selectors.what_if.begun import begun
from licensing.selectors.what_if.book import Stopped, what_if
from licensing.selectors.what_if.names import names_of
from licensing.selectors.what_if.own import what_of_mine
from licensing.selectors.what_if.shipments import reads_reserved
from licensing.selectors.what_if.tally import GROUPS

__all__ = ["GROUPS", "Stopped", "begun", "names_of", "reads_reserved", "what_if", "what_of_mine"]
