"""What only `make long` runs: more of the same, where a part of it shows enough every time."""

from __future__ import annotations

import os

import pytest

LONG = os.environ.get("BGGEN_HYPOTHESIS") == "long"
only_long = pytest.mark.skipif(not LONG, reason="more of the same: make long")
