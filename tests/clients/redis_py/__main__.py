"""What redis-py asks of a server, through one node. How it is run stands in checks.py."""

import sys

# Their checks are carried out in this order.
import sessions  # noqa: F401
import data  # noqa: F401
import batches  # noqa: F401
import messages  # noqa: F401
from checks import run_all
from place import Place

if __name__ == "__main__":
    entry, other, protocol, kind = sys.argv[1:]
    run_all(Place(int(entry), int(other), int(protocol), kind), kind)
