"""Landlock: the kernel keeps a process, and all that it starts, from writing outside a few folders."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import List

CREATE, ADD, RESTRICT = 444, 445, 446
PR_SET_NO_NEW_PRIVS = 38
WRITE, TRUNCATE, REFER = 1 << 1, 1 << 14, 1 << 13
REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
TCP = 3


def version() -> int:
    """Return the version of Landlock that the kernel offers; 0 without it."""
    try:
        found = int(ctypes.CDLL(None, use_errno=True).syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    except (OSError, AttributeError):
        return 0
    return max(0, found)


def restrict(writable: List[str]) -> bool:
    """Allow this process to write below `writable` only, and no TCP; say whether the kernel took it."""
    abi = version()
    if not abi:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    handled = WRITE | REMOVE_AND_MAKE | (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0)
    attributes = struct.pack("QQ", handled, TCP) if abi >= 4 else struct.pack("Q", handled)
    rules = libc.syscall(CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return False
    try:
        for folder in writable:
            if not os.path.isdir(folder):
                continue
            beneath = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                rule = struct.pack("=Qi", handled, beneath)
                if libc.syscall(ADD, rules, ctypes.c_int(1), rule, ctypes.c_uint32(0)):
                    return False
            finally:
                os.close(beneath)
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            return False
        return not libc.syscall(RESTRICT, rules, ctypes.c_uint32(0))
    finally:
        os.close(rules)
