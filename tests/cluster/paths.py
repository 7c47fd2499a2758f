"""Folders of the tests on a real node."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
LIVE = Path(os.environ.get("PLATFORMC_LIVE", Path.home() / ".cache" / "platformc-live"))
CACHE = LIVE / "node"
