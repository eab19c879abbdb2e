"""What all tests share. `HYPOTHESIS_PROFILE=long` searches for longer."""

import os

from hypothesis import settings

settings.register_profile("ci", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
