"""People, shops and a mail server, as the tests of owners and of letters make them."""

from tests.notifications.conftest import clock as clock
from tests.notifications.conftest import mail as mail
from tests.owner_acts.conftest import accountant as accountant
from tests.owner_acts.conftest import neighbour as neighbour
from tests.owner_acts.conftest import other_shop as other_shop
from tests.owner_acts.conftest import owner as owner
from tests.owner_acts.conftest import shop as shop
from tests.owner_acts.conftest import viewer as viewer
