"""Paths as a drawing: the steps of all sources of a query as boxes in layers, from the sources down to the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tapefix.why import QueryAccount, SourceAccount, Step

BOX = (260, 46)
"""Width and height of a box, in pixels."""
GAP = (28, 30)
MOST_SOURCES = 6
"""Sources that are drawn beside each other; the others are named."""


@dataclass
class Box:
    """A value on the way: what made it, and what it is."""

    title: str
    subtitle: str
    file: str
    line: int | None
    kind: str
    """`source`, `target`, `step`, or `break`."""
    note: str = ""
    layer: int = 0
    lane: int = 0

    @property
    def x(self) -> int:
        """The left edge, in pixels."""
        return GAP[0] // 2 + self.lane * (BOX[0] + GAP[0])

    @property
    def y(self) -> int:
        """The upper edge, in pixels."""
        return GAP[1] // 2 + self.layer * (BOX[1] + GAP[1])


@dataclass(frozen=True)
class Arrow:
    """From one box to another; a broken one is where the tape loses the path."""

    start: Box
    end: Box
    broken: bool

    @property
    def curve(self) -> str:
        """The line as SVG's path data."""
        x1, y1 = self.start.x + BOX[0] // 2, self.start.y + BOX[1]
        x2, y2 = self.end.x + BOX[0] // 2, self.end.y
        bend = (y2 - y1) // 2
        return f"M {x1} {y1} C {x1} {y1 + bend}, {x2} {y2 - bend}, {x2} {y2 - 6}"


@dataclass
class Drawing:
    """Boxes and arrows of one query."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    left_out: int = 0
    """Sources that are not drawn."""

    @property
    def width(self) -> int:
        """In pixels."""
        return (max((box.lane for box in self.boxes), default=0) + 1) * (BOX[0] + GAP[0])

    @property
    def height(self) -> int:
        """In pixels."""
        return (max((box.layer for box in self.boxes), default=0) + 1) * (BOX[1] + GAP[1])


def draw(query: QueryAccount, groups: Sequence[Sequence[SourceAccount]]) -> Drawing:
    """Lay out the paths of a query; sources with the same breaks are one box."""
    drawing = Drawing()
    steps: dict[tuple[object, ...], Box] = {}
    drawn = set()
    for lane, group in enumerate(groups[:MOST_SOURCES]):
        account = group[0]
        at_source = any(found.place is None or not account.path for found in account.breaks)
        more = f" and {len(group) - 1} more" if len(group) > 1 else ""
        before = Box(account.label + more, str(account.source), "", None, "source", lane=lane)
        before.note = "broken" if at_source else ""
        drawing.boxes.append(before)
        places = {found.place for found in account.breaks}
        for number, step in enumerate(account.path):
            key = (step.place, step.value and step.value.name, number - len(account.path))
            box = steps.get(key)
            if box is None:
                last = number == len(account.path) - 1
                box = steps[key] = _box(step, query.target if last else "", lane, step.place in places)
                drawing.boxes.append(box)
            # A step of several paths stands below the last of what leads to it.
            box.layer = max(box.layer, before.layer + 1)
            if (id(before), id(box)) not in drawn:
                drawn.add((id(before), id(box)))
                drawing.arrows.append(Arrow(before, box, box.kind == "break"))
            before = box
        if not account.path:
            target = steps.setdefault(("target",), Box(query.target, "", "", query.line, "target", layer=1, lane=lane))
            if target not in drawing.boxes:
                drawing.boxes.append(target)
    _settle(drawing)
    drawing.left_out = sum(len(group) for group in groups[MOST_SOURCES:])
    return drawing


def _settle(drawing: Drawing) -> None:
    """Move every box below all that lead to it: an arrow points downwards."""
    for _ in drawing.boxes:
        moved = False
        for arrow in drawing.arrows:
            if arrow.end.layer <= arrow.start.layer:
                arrow.end.layer = arrow.start.layer + 1
                moved = True
        if not moved:
            return


def _box(step: Step, target: str, lane: int, broken: bool) -> Box:
    if step.skipped:
        return Box(f"… {step.skipped} more steps", "", "", None, "step", lane=lane)
    text = " ".join(step.place.text.split()) if step.place is not None else step.ops[0]
    value = step.value
    name = target or (value.name if value is not None else "")
    subtitle = f"{name}: {value}" if name and value is not None else str(value or "")
    kind = "break" if broken and step.fault else "target" if target else "step"
    file = step.place.path if step.place is not None else ""
    line = step.place.line if step.place is not None else None
    return Box(text, subtitle, file, line, kind, note=", ".join(dict.fromkeys(step.ops)), lane=lane)
