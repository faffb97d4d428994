"""What all tests share."""

from __future__ import annotations

import os

# Before anything imports TensorFlow: its start-up notes are noise in a test report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
