"""Messages between the server and a process of its own, one after the other on a pipe."""

from __future__ import annotations

import os
import pickle
import struct
from typing import Any

_LENGTH = struct.Struct("!Q")


def send(wire: int, message: object) -> None:
    """Write a message.

    Raises:
        OSError: nobody reads it.
    """
    data = pickle.dumps(message)
    rest = memoryview(_LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(wire, rest) :]


def receive(wire: int) -> Any:
    """Read the next message, and no byte more; None when there is none to come."""
    head = _read(wire, _LENGTH.size)
    data = _read(wire, *_LENGTH.unpack(head)) if head else b""
    return pickle.loads(data) if data else None


def _read(wire: int, size: int) -> bytes:
    """Read exactly so many bytes; none at all where they end before."""
    found = b""
    while len(found) < size:
        piece = os.read(wire, min(size - len(found), 1 << 20))
        if not piece:
            return b""
        found += piece
    return found
