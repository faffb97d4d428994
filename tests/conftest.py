"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# Before anything imports TensorFlow: its start-up notes are noise in a test report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A machine that is busy with TensorFlow has no time limits to keep in a property.
settings.register_profile("tapefix", deadline=None)
settings.load_profile("tapefix")
