"""The account of a script's missing gradients as one self-contained page: the paths drawn beside the source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix import __version__
from tapefix.report.drawing import BOX, Drawing, draw
from tapefix.report.why import by_breaks
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.why import Explanation, QueryAccount
from tapefix.why.rules import rule_of
from tapefix.why.sentences import sentence

if TYPE_CHECKING:
    from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class _Panel:
    """One query on the page."""

    query: QueryAccount
    sentences: list[tuple[str, str, int | None, str]]
    """Of each break the code, the sentence, the line, and the file when it is not the script."""
    drawing: Drawing


def write_page(path: Path, name: str, source: SourceText, explanation: Explanation) -> None:
    """Write the page for one script.

    Raises:
        SourceError: the file cannot be written.
    """
    page = render(name, source, explanation)
    try:
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SourceError(str(path), f"cannot be written: {error.strerror or error}") from None


def render(name: str, source: SourceText, explanation: Explanation) -> str:
    """Return the page as HTML; names and source are text, whatever they hold."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["clip"] = _clip
    environment.filters["ticks"] = _ticks
    panels = [_panel(query) for query in explanation.queries]
    return environment.get_template("why.html").render(
        name=name,
        lines=source.listing(),
        panels=panels,
        marks=_marks(panels),
        explanation=explanation,
        box=BOX,
        version=__version__,
    )


def _panel(query: QueryAccount) -> _Panel:
    groups = by_breaks(query)
    sentences: dict[tuple[str, str, int | None, str], None] = {}
    for group in groups:
        for found in group[0].breaks:
            line = found.place.line if found.place is not None else None
            file = found.place.path if found.place is not None else ""
            sentences[(rule_of(found) or "", sentence(found, group[0]), line, file)] = None
    return _Panel(query, list(sentences), draw(query, groups))


def _marks(panels: list[_Panel]) -> dict[int, str]:
    """How each line of the script is marked: a break, a step of a path, or a query."""
    marks: dict[int, str] = {}
    for panel in panels:
        for box in panel.drawing.boxes:
            if box.line is not None and not box.file:
                marks.setdefault(box.line, "step")
        marks[panel.query.line] = "query"
    for panel in panels:
        for code, _, line, file in panel.sentences:
            # A source that the target does not depend on is no break.
            if code and line is not None and not file:
                marks[line] = "break"
    return marks


def _ticks(text: str) -> Markup:
    """Set what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
