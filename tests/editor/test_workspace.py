"""Diagnostics of all folders: what is found in files that are not open."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.cli.running import BROKEN, REPAIRED, tapefix
from tests.editor.session import TIMEOUT, Session, capabilities, session
from tests.editor.test_notebooks import CELLS
from tests.editor.test_settings import configure, tell

pytestmark = pytest.mark.asyncio

Reports = dict[str, types.WorkspaceDocumentDiagnosticReport]


def asked(known: Mapping[str, str] = {}, token: str | None = None) -> types.WorkspaceDiagnosticParams:
    previous = [types.PreviousResultId(uri, result) for uri, result in known.items()]
    return types.WorkspaceDiagnosticParams(previous, partial_result_token=token)


async def pull(editor: Session, known: Mapping[str, str] = {}) -> Reports:
    answer = await asyncio.wait_for(editor.client.workspace_diagnostic_async(asked(known)), TIMEOUT)
    return by_uri(answer.items)


def by_uri(items: Sequence[types.WorkspaceDocumentDiagnosticReport]) -> Reports:
    assert len({item.uri for item in items}) == len(items), "each file is reported once"
    return {item.uri: item for item in items}


def codes(reports: Reports) -> dict[str, list[object]]:
    """What was found, by the names of the files; nothing of those that are as they were."""
    full = types.WorkspaceFullDocumentDiagnosticReport
    return {
        os.path.basename(uri): [item.code for item in report.items]  # noqa: PTH119
        for uri, report in reports.items()
        if isinstance(report, full)
    }


def results(reports: Reports) -> dict[str, str]:
    return {uri: report.result_id for uri, report in reports.items() if report.result_id is not None}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.py").write_text(BROKEN.replace("    loss", "    '漢字🔥'; loss"), encoding="utf-8")
    (folder / "deep" / "er" / "b b.py").write_text(BROKEN, encoding="utf-8")
    (folder / "sound.py").write_text(REPAIRED, encoding="utf-8")
    (folder / "plain.py").write_text("print(1)\n", encoding="utf-8")
    (folder / "broken.py").write_text("tf.GradientTape((\n", encoding="utf-8")
    for name in ("left.py", "ignored.py"):
        (folder / name).write_text(BROKEN, encoding="utf-8")
    (folder / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    configure(folder, 'exclude = ["left.py"]')
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(CELLS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "n.ipynb")
    return folder


async def test_files_that_are_not_open_are_reported_and_those_that_are_as_they_were_in_short(project: Path) -> None:
    async with session(project, can=capabilities(pull=True)) as editor:
        provider = editor.result.capabilities.diagnostic_provider
        assert provider is not None and provider.workspace_diagnostics
        first = await pull(editor)
        assert codes(first) == {
            "a.py": ["TPF101"],
            "b%20b.py": ["TPF101"],
            "broken.py": [],
            "n.ipynb": ["TPF102", "TPF101", "TPF401"],
            "sound.py": [],
        }
        a = first[(project / "a.py").as_uri()]
        assert isinstance(a, types.WorkspaceFullDocumentDiagnosticReport) and a.version is None
        # Columns are those of the client: the flame takes two.
        line = (project / "a.py").read_text("utf-8").splitlines()[5]
        assert a.items[0].range.start == types.Position(5, line.index("y.numpy()") + 1)
        again = await pull(editor, results(first))
        assert codes(again) == {}
        assert results(again) == results(first)
        # What has changed, or is gone, or new, is said; and what is open is asked for by itself.
        (project / "a.py").write_text(REPAIRED, encoding="utf-8")
        (project / "sound.py").unlink()
        (project / "new.py").write_text(BROKEN, encoding="utf-8")
        (project / "broken.py").write_text("print(2)\n", encoding="utf-8")
        editor.open((project / "deep" / "er" / "b b.py").as_uri(), REPAIRED)
        editor.open_notebook((project / "n.ipynb").as_uri(), CELLS)
        later = await pull(editor, results(first))
        assert codes(later) == {"a.py": [], "sound.py": [], "new.py": ["TPF101"], "broken.py": [], "n.ipynb": []}
        assert set(later) & {uri for uri in first if uri.endswith("b%20b.py")} == set()
        # So do other settings, and a baseline.
        tell(editor, configure(project, 'baseline = "known.json"\nexclude = ["a.py"]'))
        assert tapefix("check", "--write-baseline", "new.py", cwd=project).returncode == 0
        last = await pull(editor, results(later))
        assert codes(last) == {"a.py": [], "new.py": [], "left.py": ["TPF101"]}


async def test_a_notebook_that_is_not_open_is_spoken_of_by_its_cells(project: Path) -> None:
    async with session(project, can=capabilities(pull=True)) as editor:
        report = (await pull(editor))[(project / "n.ipynb").as_uri()]
        assert isinstance(report, types.WorkspaceFullDocumentDiagnosticReport)
        text = (project / "n.ipynb").read_text("utf-8")
        lines = text.splitlines()
        assert [item.message.partition(": ")[0] for item in report.items] == [
            "cell 2, line 4",
            "cell 2, line 4",
            "cell 3, line 2",
        ]
        for item in report.items:
            number = item.range.start.line
            assert item.range == types.Range(types.Position(number, 0), types.Position(number, len(lines[number])))
            cell, line = (int(word) for word in item.message.partition(": ")[0].replace(",", "").split()[1::2])
            assert json.loads(lines[number].strip().rstrip(",")).rstrip("\n") == CELLS[cell - 1].splitlines()[line - 1]
        told = [each.message for each in report.items[0].related_information or ()]
        assert told[0] == "cell 2, line 2: the tape: `tf.GradientTape()`"


async def test_every_folder_is_walked_once_and_its_own_settings_hold(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    configure(other, 'ignore = ["TPF101"]')
    (other / "c.py").write_text(BROKEN, encoding="utf-8")
    async with session(project, can=capabilities(pull=True), folders=[project / "deep", other]) as editor:
        found = codes(await pull(editor))
        assert (found["a.py"], found["b%20b.py"], found["c.py"]) == (["TPF101"], ["TPF101"], [])
    async with session(can=capabilities(pull=True)) as editor:
        assert await pull(editor) == {}


async def test_who_wants_to_hear_of_open_files_only_hears_of_no_other(project: Path) -> None:
    async with session(project, can=capabilities(pull=True)) as editor:
        before = await pull(editor)
        assert codes(before)["a.py"]
        editor.client.set_configuration({"tapefix": {"openFilesOnly": True}})
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        after: Reports = {}
        for _ in range(100):
            after = await pull(editor, results(before))
            if len(codes(after)) == len(before):
                break
        assert set(after) == set(before)
        assert {tuple(found) for found in codes(after).values()} == {()}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    folder = tmp_path / "large"
    folder.mkdir()
    long = "".join(f"\n\ndef step_{n}(a, b):\n    return a * b + {n}\n" for n in range(100))
    for number in range(150):
        (folder / f"m{number:03}.py").write_text(BROKEN + long, encoding="utf-8")
    return folder


async def test_they_come_bit_by_bit_to_a_client_that_wants_that(large: Path) -> None:
    async with session(large, can=capabilities(pull=True)) as editor:
        client = editor.client
        answer = await asyncio.wait_for(client.workspace_diagnostic_async(asked(token="bits")), TIMEOUT)
        assert list(answer.items) == [], "nothing comes twice"
        parts = editor.partial["bits"]
        assert len(parts) > 2
        items = [item for part in parts for item in part.items]
        assert codes(by_uri(items)) == {f"m{number:03}.py": ["TPF101"] for number in range(150)}


async def test_nothing_waits_for_it_and_it_can_be_cancelled(large: Path) -> None:
    async with session(large, can=capabilities(pull=True)) as editor:
        client = editor.client
        request = asyncio.wrap_future(
            client.protocol.send_request(types.WORKSPACE_DIAGNOSTIC, asked(), msg_id="everything")
        )
        uri = (large / "open.py").as_uri()
        editor.open(uri, BROKEN)
        for _ in range(3):
            editor.replace(uri, 0, 0, "\n")
            document = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
            report = await asyncio.wait_for(client.text_document_diagnostic_async(document), TIMEOUT)
            assert isinstance(report, types.RelatedFullDocumentDiagnosticReport) and len(report.items) == 1
            assert await editor.actions(uri, "y.numpy()", only=["quickfix"])
        assert not request.done(), "the answer for one file came while the others were looked at"
        client.cancel_request(types.CancelParams(id="everything"))
        with pytest.raises(JsonRpcException, match="cancel"):
            await asyncio.wait_for(request, TIMEOUT)
        # What was found before is not looked for again, and nothing is missing.
        assert len(await pull(editor)) == 150


async def test_shutdown_in_the_middle(large: Path) -> None:
    async with session(large, can=capabilities(pull=True)) as editor:
        request = editor.client.protocol.send_request(types.WORKSPACE_DIAGNOSTIC, asked(), msg_id="everything")
        uri = (large / "open.py").as_uri()
        editor.open(uri, BROKEN)
        assert await editor.actions(uri, "y.numpy()", only=["quickfix"])
        assert not request.done()
