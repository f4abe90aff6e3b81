"""Run bggen: the `bggen` command and `python -m bggen`."""

import sys

from bggen.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
