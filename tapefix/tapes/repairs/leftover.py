"""What a repair leaves over: `h = h`, where `h = h.numpy()` stood."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.reading import Reading


def says_nothing(reading: Reading, expression: cst.CSTNode, kept: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """The statement that would assign a name to itself, were the expression reduced to what is kept of it.

    None where a comment would go with it, or the body it stands in would be empty.
    """
    assignment = reading.parent(expression)
    if not isinstance(assignment, cst.Assign) or len(assignment.targets) != 1 or not isinstance(kept, cst.Name):
        return None
    target = assignment.targets[0].target
    if not isinstance(target, cst.Name) or target.value != kept.value:
        return None
    statement = reading.parent(assignment)
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    body = reading.parent(statement)
    if not isinstance(body, (cst.Module, cst.IndentedBlock)) or len(body.body) < 2:
        return None
    if isinstance(reading.parent(body), cst.ClassDef):
        # There it makes an attribute of the class.
        return None
    commented = any(line.comment is not None for line in statement.leading_lines)
    return statement if not commented and statement.trailing_whitespace.comment is None else None
