"""`python -m potok` is `potok`."""

import sys

from potok.cli import main

sys.exit(main())
