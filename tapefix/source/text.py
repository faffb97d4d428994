"""A file as text: read and written byte for byte, whatever its encoding and line ends."""

from __future__ import annotations

import re
import stat
import tokenize
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from tapefix.source.diffs import relative_name
from tapefix.source.errors import SourceError
from tapefix.source.lines import Lines

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class SourceText:
    """The text of a Python file, and what is needed to write it back as it was."""

    path: Path | None
    """Where it was read from; None for text that came another way."""
    name: str
    """What to call it in messages and diffs."""
    text: str
    """Code points, without the BOM, line ends as they are in the file."""
    encoding: str = "utf-8"
    bom: bool = False
    data: bytes = field(default=b"", repr=False)
    """The bytes it was read from: a later write compares them with the file."""

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> SourceText:
        """Read a file.

        Raises:
            SourceError: it cannot be read, or is not text in the encoding it declares.
        """
        shown = str(path) if name is None else name
        return cls.from_bytes(read_bytes(path, shown), shown, path)

    @classmethod
    def from_bytes(cls, data: bytes, name: str, path: Path | None = None) -> SourceText:
        """Decode the bytes of a file as Python itself would.

        Raises:
            SourceError: they are not text in the encoding they declare.
        """
        bom = data.startswith(_BOM)
        nul = data.find(b"\0")
        if nul >= 0:
            message = f"this is not a text file: there is a NUL byte at offset {nul}"
            raise SourceError(name, message)
        body = data[3:] if bom else data
        encoding = "utf-8" if bom and not _cookie(body) else _encoding(data, name)
        try:
            text = body.decode(encoding)
            # Some codecs yield what no other program, the parser included, takes as text.
            text.encode("utf-8")
        except UnicodeDecodeError as error:
            line, column = _place(body, error.start, encoding)
            byte = body[error.start]
            message = f"byte 0x{byte:02x} is not {encoding}; declare the file's encoding in its first line"
            raise SourceError(name, message, line, column) from None
        except (UnicodeError, LookupError, ValueError) as error:
            raise SourceError(name, f"the declared encoding {encoding} cannot be used: {error}", 1) from None
        return cls(path, name, text, encoding, bom, data)

    @classmethod
    def of(cls, text: str, name: str = "<text>") -> SourceText:
        """A text that was never in a file."""
        return cls(None, name, text, data=text.encode("utf-8", "surrogatepass"))

    def with_text(self, text: str) -> SourceText:
        """The same file with another text. `data` stays what the file holds now."""
        return replace(self, text=text)

    def to_bytes(self) -> bytes:
        """The bytes of the file with this text.

        Raises:
            SourceError: the encoding has no bytes for the text, or would not keep what was not touched.
        """
        try:
            body = self.text.encode(self.encoding)
        except UnicodeEncodeError as error:
            line, column = Lines(self.text).position(error.start)
            character = self.text[error.start]
            raise SourceError(self.name, f"{character!r} cannot be written in {self.encoding}", line, column) from None
        if not self.exact:
            message = (
                f"decoding {self.encoding} loses bytes of this file, so it cannot be written back; save it as UTF-8"
            )
            raise SourceError(self.name, message)
        return _BOM + body if self.bom else body

    @property
    def whole(self) -> str:
        """The file's text, its BOM included."""
        return "\ufeff" + self.text if self.bom else self.text

    @property
    def foreign(self) -> SourceError | None:
        """Why the file is passed over, where it is in another language than Python."""
        return None

    def named(self, line: int) -> int:
        """A line of the text, as it is called in what is said of it."""
        return line

    def naming(self, text: str) -> Callable[[int], int]:
        """What `named` would be for another text of the same file."""
        return int

    def stretch(self, line: int, end_line: int) -> tuple[Lines, int, int]:
        """The lines around some lines of the text, and the numbers that they have there."""
        return self.lines, line, end_line

    def changes(self, after: str) -> list[tuple[str, str, str]]:
        """What another text changes, part by part: the name of each, and its text before and after."""
        return [(relative_name(self.name), self.whole, self.with_text(after).whole)]

    def listing(self) -> list[tuple[int, str, str]]:
        """The lines as a reader sees them: the number of each in the text, how it is numbered, and what is in it."""
        return [(number, str(number), line) for number, line in enumerate(self.text.splitlines(), start=1)]

    @cached_property
    def exact(self) -> bool:
        """Whether the encoding gives back the very bytes that were read; some East Asian ones may not."""
        if self.encoding in ("utf-8", "iso-8859-1", "ascii"):
            return True
        body = self.data[3:] if self.bom else self.data
        return body.decode(self.encoding).encode(self.encoding, "replace") == body

    @cached_property
    def lines(self) -> Lines:
        """The line table."""
        return Lines(self.text)

    @cached_property
    def newline(self) -> str:
        """The line end that most lines have."""
        found = Counter(re.findall(r"\r\n|\r|\n", self.text))
        return found.most_common(1)[0][0] if found else "\n"


def read_bytes(path: Path, name: str | None = None) -> bytes:
    """The bytes of a regular file.

    Raises:
        SourceError: there is none, or it cannot be read.
    """
    shown = str(path) if name is None else name
    try:
        # Opening a pipe or a device could wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a directory" if path.is_dir() else "not a regular file (use `-` to read stdin)"
            raise SourceError(shown, f"this is {kind}")
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceError(shown, "there is no such file") from None
    except PermissionError:
        raise SourceError(shown, "no permission to read this file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(shown, f"this file cannot be read: {reason}") from None


def _first_lines(data: bytes) -> list[bytes]:
    """The two lines that can declare an encoding. `readline` alone would not end a line at CR."""
    return [piece + b"\n" for piece in re.split(rb"\r\n|\r|\n", data[:10_000], maxsplit=2)[:2]]


def _cookie(body: bytes) -> bool:
    return any(re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+", line) for line in _first_lines(body))


def _encoding(data: bytes, name: str) -> str:
    lines = iter(_first_lines(data))
    try:
        found, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    except SyntaxError as error:
        message = str(error.msg)
        if message.startswith("invalid or missing encoding declaration"):
            # The first lines are not UTF-8 and declare nothing; decoding says where.
            return "utf-8"
        if message.startswith("unknown encoding"):
            raise SourceError(name, f"{message}: the coding comment names no encoding that Python knows", 1) from None
        raise SourceError(name, "the file begins with a UTF-8 BOM but declares another encoding", 1) from None
    return "utf-8" if found == "utf-8-sig" else found


def _place(body: bytes, start: int, encoding: str) -> tuple[int, int]:
    before = body[:start].decode(encoding, "replace")
    return Lines(before).position(len(before))
