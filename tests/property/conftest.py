"""Property tests give the same verdict every time, on fast and on slow machines."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("nemoserve", deadline=None, derandomize=True)
settings.load_profile("nemoserve")
