"""JSON with positions: each text, list and object knows where in the file it stands."""

from __future__ import annotations

import json
import json.decoder
import json.scanner
from typing import Any


class LocatedText(str):
    """A string, and where it stands with its quotes."""

    start: int = 0
    end: int = 0


class LocatedList(list[Any]):
    """An array, and where it stands with its brackets."""

    start: int = 0
    end: int = 0


class LocatedDict(dict[str, Any]):
    """An object, and where it stands with its braces."""

    start: int = 0
    end: int = 0


class _Decoder(json.JSONDecoder):
    """The standard decoder; what it makes is told where it came from."""

    def __init__(self) -> None:
        super().__init__()
        decoder: Any = json.decoder
        scanner: Any = json.scanner

        def text(document: str, start: int, strict: bool) -> tuple[LocatedText, int]:
            value, end = decoder.scanstring(document, start, strict)
            return _located(LocatedText(value), start - 1, end)

        def array(at: tuple[str, int], *rest: Any) -> tuple[LocatedList, int]:
            value, end = decoder.JSONArray(at, *rest)
            return _located(LocatedList(value), at[1] - 1, end)

        def mapping(at: tuple[str, int], *rest: Any) -> tuple[LocatedDict, int]:
            value, end = decoder.JSONObject(at, *rest)
            return _located(LocatedDict(value), at[1] - 1, end)

        self.parse_string, self.parse_array, self.parse_object = text, array, mapping
        # The scanner in C would not ask these.
        self.scan_once = scanner.py_make_scanner(self)


def _located(value: Any, start: int, end: int) -> tuple[Any, int]:
    value.start, value.end = start, end
    return value, end


def read_json(text: str) -> Any:
    """Decode a text.

    Raises:
        ValueError: it is no JSON (`json.JSONDecodeError`, with the place), or holds a number too long to be read.
        RecursionError: it nests too deep.
    """
    return _Decoder().decode(text)
