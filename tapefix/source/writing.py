"""Replacing a file: all of it or nothing, and never over what somebody else has written meanwhile."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tapefix.source.errors import ParseError, SourceError
from tapefix.source.parsing import parse
from tapefix.source.text import SourceText, read_bytes

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission to write in its directory",
    errno.EPERM: "no permission to write in its directory",
}


class WriteError(SourceError):
    """A file was not written, and is as it was."""


def check_output(source: SourceText, rules: Iterable[str] = ()) -> bytes:
    """The bytes to write for a rewritten text, after reading them back.

    Raises:
        WriteError: they do not parse; the message names the rules that made them.
        SourceError: the text cannot be encoded.
    """
    data = source.to_bytes()
    try:
        again = type(source).from_bytes(data, source.name)
        parse(again)
    except ParseError as error:
        named = ", ".join(dict.fromkeys(rules)) or "the rewrite"
        message = f"nothing was written: the output of {named} does not parse ({error.message}); please report this"
        raise WriteError(source.name, message, error.line, error.column) from None
    if again.text != source.text:
        raise WriteError(source.name, f"nothing was written: {source.encoding} does not keep the new text as it is")
    return data


def write(source: SourceText, rules: Iterable[str] = ()) -> None:
    """Replace the file of `source` by its text, which must parse.

    Raises:
        WriteError: the text does not parse, the file is not as it was read, or it cannot be replaced.
        SourceError: the text cannot be encoded.
    """
    if source.path is None:
        raise ValueError("only a text that was read from a file can be written")
    replace_bytes(source.path, source.data, check_output(source, rules), source.name)


def replace_bytes(path: Path, old: bytes, new: bytes, name: str | None = None, *, mark: str = "") -> None:
    """Replace a file that still holds `old` by `new`, atomically; mode, owner and extended attributes stay.

    A symbolic link is followed: its target is replaced. What a kill leaves beside it is found by its `mark`.

    Raises:
        WriteError: the file vanished, changed, is read-only, or the system refused; the file is as it was.
    """
    shown = str(path) if name is None else name
    temporary: Path | None = None
    try:
        target = Path(os.path.realpath(path))
        status = _status(target, shown)
        _compare(target, old, shown)
        descriptor, made = tempfile.mkstemp(prefix=f".tapefix-{mark}", suffix="~", dir=target.parent)
        temporary = Path(made)
        with os.fdopen(descriptor, "wb") as file:
            file.write(new)
            file.flush()
            _keep_attributes(target, status, file.fileno(), shown)
            os.fsync(file.fileno())
        # Once more, as late as can be: what was written meanwhile is worth more than our rewrite.
        _compare(target, old, shown)
        temporary.replace(target)
        temporary = None
        sync_directory(target.parent)
    except OSError as error:
        raise WriteError(shown, f"nothing was written: {reason_of(error)}") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def create_bytes(path: Path, data: bytes) -> None:
    """Make a new file: all of it or nothing.

    Raises:
        WriteError: there is one already, or the system refused.
    """
    if path.exists():
        raise WriteError(path, "nothing was written: this file is there already")
    try:
        write_new(path, data)
    except OSError as error:
        raise WriteError(path, f"nothing was written: {reason_of(error)}") from None


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not the user's text, over the one that may be there: all of it or nothing.

    Raises:
        OSError: the system refused.
    """
    temporary = path.absolute().with_name(f".tapefix-{os.getpid()}~")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    sync_directory(path.absolute().parent)


def sweep(folder: Path, mark: str) -> None:
    """Remove what writes with this mark have left in a folder when they were killed."""
    with contextlib.suppress(OSError):
        for left in folder.glob(f".tapefix-{glob.escape(mark)}*~"):
            left.unlink(missing_ok=True)


def reason_of(error: OSError) -> str:
    """Why the system refused to write, for people."""
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def sync_directory(path: str | Path) -> None:
    """Make the names in a directory last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _status(target: Path, name: str) -> os.stat_result:
    try:
        status = target.stat()
    except FileNotFoundError:
        raise WriteError(name, "nothing was written: the file has vanished since it was read") from None
    # The permission bits and not `os.access`: root may write everything, and read-only is still somebody's wish.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise WriteError(name, "nothing was written: the file is read-only")
    return status


def _compare(target: Path, old: bytes, name: str) -> None:
    try:
        now = read_bytes(target, name)
    except SourceError as error:
        raise WriteError(name, f"nothing was written: {error.message}") from None
    if now != old:
        raise WriteError(name, "nothing was written: the file has changed since it was read")


def _keep_attributes(target: Path, status: os.stat_result, descriptor: int, name: str) -> None:
    if not hasattr(os, "fchmod"):
        return
    mine = os.fstat(descriptor)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except PermissionError:
            message = "nothing was written: the file belongs to another user or group, which a new file would not"
            raise WriteError(name, message) from None
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for attribute in os.listxattr(target):
                # Some belong to the system, which sets them itself.
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, attribute, os.getxattr(target, attribute))
