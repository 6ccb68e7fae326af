"""``python -m yaodun``."""

import sys

from yaodun.cli import main

sys.exit(main())
