"""Every way of breaking a program."""

from __future__ import annotations

from tests.generated import leaving, placing, watching
from tests.generated.breaking import Way, ways_in

WAYS: tuple[Way, ...] = ways_in(leaving, watching, placing)
