"""The interpreter that is selected in the editor: what runs a file for which no setting names one."""

from __future__ import annotations

from typing import Any

import pytest

from tapefix.config import Config
from tapefix.editor.settings import ClientSettings


@pytest.mark.parametrize(
    ("client", "project", "used"),
    [
        ({"environment": "/editor"}, None, "/editor"),
        ({"environment": "/editor"}, "/project", "/project"),
        ({"environment": "/editor", "python": "/client"}, "/project", "/client"),
        ({"python": None, "environment": None}, None, None),
    ],
)
def test_which_interpreter_runs(client: dict[str, Any], project: str | None, used: str | None) -> None:
    complaints: list[str] = []
    settings = ClientSettings.of(client, complaints.append)
    assert settings.over(Config(python=project), None).python == used
    assert complaints == []


def test_one_that_is_no_path_is_complained_of() -> None:
    complaints: list[str] = []
    settings = ClientSettings.of({"environment": 3, "samples": 4}, complaints.append)
    assert complaints == ["the editor's settings: tapefix.environment must be a string"]
    assert settings.over(Config(), None) == Config(samples=4)
