"""``python -m mdgmvae`` is the command ``mdgmvae``."""

import sys

from .cli import main

sys.exit(main())
