"""Outcomes as plain data, for the journal and the cache."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from tapefix.campaign.outcome import FileOutcome
from tapefix.source.places import CellLine

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


class CodecError(ValueError):
    """Data that another version of tapefix wrote, or that is damaged."""


def to_data(value: object) -> Any:
    """A value of ours as what JSON holds; the bytes of a file's outcome are kept elsewhere."""
    return _converter().unstructure(value)


def from_data(kind: type[T], data: Any) -> T:
    """The value that `to_data` was given.

    Raises:
        CodecError: it is none.
    """
    from cattrs.errors import BaseValidationError

    try:
        return _converter().structure(data, kind)
    except (BaseValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CodecError(f"this is no {kind.__name__} that can be read") from error


def _plain(value: int) -> object:
    return {"number": int(value), **vars(value)} if isinstance(value, CellLine) else value


def _number(value: Any, _: type) -> int:
    """A number, or a line of a notebook."""
    return CellLine(**value) if isinstance(value, dict) else int(value)


def line(data: Any) -> bytes:
    """One line of JSON, in ASCII: any file name and any text is in it as it is."""
    return json.dumps(data, separators=(",", ":")).encode("ascii") + b"\n"


@lru_cache(maxsize=1)
def _converter() -> Converter:
    from cattrs.gen import make_dict_unstructure_fn, override
    from cattrs.preconf.json import make_converter

    converter = make_converter()
    converter.register_unstructure_hook(int, _plain)
    converter.register_structure_hook(int, _number)
    # What is kept by its digest is not kept twice.
    converter.register_unstructure_hook(
        FileOutcome, make_dict_unstructure_fn(FileOutcome, converter, data=override(omit=True))
    )
    return converter
