"""All verbs of the walk."""

from tests.walk.account import ACCOUNT, ANNUAL
from tests.walk.cases import CASES
from tests.walk.declarations import DECLARATIONS
from tests.walk.inquiries import INQUIRIES
from tests.walk.licenses import LICENSES
from tests.walk.shipments import SHIPMENTS

ALL = (*ACCOUNT, *ANNUAL, *INQUIRIES, *DECLARATIONS, *CASES, *LICENSES, *SHIPMENTS)
