"""What holds for all tests."""

from __future__ import annotations

import os
import signal
import time

from hypothesis import settings

# First of all: in a worker of pytest-xdist the client alone looks for Spark's jars and ends the process.
import potok.sql  # noqa: F401

# The client shows times in the zone of its process; that of the recordings was UTC.
os.environ["TZ"] = "UTC"
time.tzset()
# A process that was started in the background may ignore Ctrl-C, and so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same examples in every run, however slow the machine; a campaign looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("campaign", deadline=None)
settings.load_profile("campaign" if "POTOK_PROPERTY_EXAMPLES" in os.environ else "same")
