"""``python -m mdgmvae`` is the command ``mdgmvae``."""

import sys

from .cli.main import main

sys.exit(main())
