"""`python -m plasmite`: the command line."""

import sys

from ._command import run

sys.exit(run("plasmite", sys.argv[1:]))
