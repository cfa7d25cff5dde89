"""`python -m aseptic`: the shell command."""

import sys

from aseptic.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
