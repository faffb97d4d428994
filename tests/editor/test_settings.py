"""Settings: of the project and of the client, when they change, and when they are wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbformat
import pytest
from lsprotocol import types

from tests.cli.running import BROKEN, tapefix
from tests.cli.test_since import SECOND
from tests.editor.session import Session, capabilities, session
from tests.editor.test_actions import STOPPED
from tests.editor.test_notebooks import CELLS

pytestmark = pytest.mark.asyncio


def configure(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.tapefix]\n{text}\n", encoding="utf-8")
    return path


def tell(editor: Session, *paths: Path) -> None:
    """What a client says that watches files."""
    changes = [types.FileEvent(path.as_uri(), types.FileChangeType.Changed) for path in paths]
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes))


async def shown(editor: Session, count: int) -> None:
    """Wait until the client has shown so many messages."""
    for _ in range(600):
        if len(editor.client.messages) >= count:
            break
        await asyncio.sleep(0.1)
    assert len(editor.client.messages) == count, editor.client.messages


async def test_the_project_s_settings_hold_and_may_change(tmp_path: Path) -> None:
    settings = configure(tmp_path, 'ignore = ["TPF101"]\n[tool.tapefix.per-file-ignores]\n"tests/*" = ["TPF107"]')
    async with session(tmp_path) as editor:
        uri, test = (tmp_path / "train.py").as_uri(), (tmp_path / "tests" / "test_train.py").as_uri()
        editor.open(uri, BROKEN)
        assert await editor.diagnostics(uri) == []
        editor.open(test, STOPPED)
        assert await editor.diagnostics(test) == []
        registered = {each.method for each in editor.registrations}
        assert registered == {"workspace/didChangeWatchedFiles"}
        configure(tmp_path, 'exclude = ["tests/"]')
        tell(editor, settings)
        assert [each.code for each in await editor.next_diagnostics(uri)] == ["TPF101"]
        # What is wrong is said once, and the last good settings hold.
        for _ in range(3):
            configure(tmp_path, 'selekt = ["TPF4"]')
            tell(editor, settings)
            editor.replace(uri, 0, 0, "\n")
            assert [each.code for each in await editor.diagnostics(uri)] == ["TPF101"]
        await shown(editor, 1)
        assert "there is no such setting; did you mean `select`?" in editor.client.messages[0].message
        settings.unlink()
        editor.replace(uri, 0, 0, "\n")
        assert [each.code for each in await editor.diagnostics(uri)] == ["TPF101"]


async def test_what_a_baseline_has_is_known_here_too(tmp_path: Path) -> None:
    settings = configure(tmp_path, 'baseline = "known [1].json"')
    path, baseline = tmp_path / "train.py", tmp_path / "known [1].json"
    path.write_text(BROKEN, encoding="utf-8")
    async with session(tmp_path) as editor:
        uri = path.as_uri()
        editor.open(uri, BROKEN)
        # It is said that there is none, once, and everything is shown.
        assert [each.code for each in await editor.diagnostics(uri)] == ["TPF101"]
        await shown(editor, 1)
        assert "known [1].json: there is no such baseline" in editor.client.messages[0].message
        assert tapefix("check", "--write-baseline", cwd=tmp_path).returncode == 0
        watchers = [each.register_options for each in editor.registrations]
        assert [each["watchers"][0]["globPattern"] for each in watchers] == ["**/pyproject.toml", "**/known ?1?.json"]
        tell(editor, baseline)
        assert await editor.next_diagnostics(uri) == []
        assert await editor.actions(uri) == []
        # The same once more, below: that one is new, and the one that is repaired.
        editor.replace(uri, len(BROKEN), len(BROKEN), SECOND)
        (new,) = await editor.diagnostics(uri)
        assert new.range.start.line > BROKEN.count("\n")
        (fix,) = await editor.actions(uri, only=["source.fixAll"])
        await editor.apply(fix)
        assert editor.texts[uri].text == BROKEN + SECOND.replace(".numpy()", "")
        assert await editor.diagnostics(uri) == []
        # Whether anybody tells of a change or not, the next look sees it; a broken one leaves the last good one.
        kept = baseline.read_bytes()
        for text, codes in ((b"{", []), (kept.replace(b"TPF101", b"TPF102"), ["TPF101"]), (kept, [])):
            baseline.write_bytes(text)
            editor.replace(uri, 0, 0, "\n")
            assert [each.code for each in await editor.diagnostics(uri)] == codes, text
        await shown(editor, 2)
        assert "this is no baseline" in editor.client.messages[1].message
        # What was never saved has no place in it.
        editor.open("untitled:one", BROKEN)
        assert len(await editor.diagnostics("untitled:one")) == 1
        configure(tmp_path, "")
        tell(editor, settings)
        assert [each.code for each in await editor.next_diagnostics(uri)] == ["TPF101"]


async def test_a_baseline_that_the_client_names(tmp_path: Path) -> None:
    project, notebook = tmp_path / "project", tmp_path / "project" / "train.ipynb"
    project.mkdir()
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(CELLS)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    done = tapefix("check", "--baseline", "../known.json", "--write-baseline", "--select", "TPF1", cwd=project)
    assert done.returncode == 0, done.stderr
    async with session(project, settings={"tapefix": {"baseline": "../known.json"}}) as editor:
        first, second, third = editor.open_notebook(notebook.as_uri(), CELLS)
        assert [each.code for each in await editor.diagnostics(third)] == ["TPF401"]
        assert await editor.diagnostics(first) == await editor.diagnostics(second) == []
        assert len(editor.client.messages) == 0


async def test_comments_that_hide_findings_hide_them_here(tmp_path: Path) -> None:
    async with session(tmp_path) as editor:
        uri = (tmp_path / "train.py").as_uri()
        editor.open(uri, BROKEN.replace("numpy())", "numpy())  # tapefix: ignore[TPF101, TPF999]"))
        (notice,) = await editor.diagnostics(uri)
        assert notice.message.startswith("there is no rule `TPF999`")
        assert notice.code is None
        assert await editor.actions(uri) == []


async def test_the_client_s_settings_go_before(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    configure(one, 'ignore = ["TPF101"]')
    configure(two, "unsafe = true")
    settings = {"tapefix": {"select": ["TPF1"], "trace": {"server": "off"}, "device": None}}
    async with session(one, folders=[two], settings=settings) as editor:
        uris = [(folder / "train.py").as_uri() for folder in (one, two)]
        for uri in uris:
            editor.open(uri, BROKEN)
            assert [each.code for each in await editor.diagnostics(uri)] == ["TPF101"]
        # Of one folder alone.
        editor.client.set_configuration({"tapefix": {"ignore": ["TPF1"]}}, scope_uri=two.as_uri())
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        assert await editor.next_diagnostics(uris[1]) == []
        assert [each.code for each in await editor.diagnostics(uris[0])] == ["TPF101"]
        # Wrong ones are said once; the rest holds.
        wrong = {"unsafe": 3, "ignore": ["NOTHING"], "colour": "red", "perFileIgnores": {"*.py": ["TPF1"]}}
        for _ in range(2):
            editor.client.set_configuration({"tapefix": wrong})
            editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
            await asyncio.sleep(0.2)
        await shown(editor, 3)
        assert await editor.diagnostics(uris[0]) == []
        # A folder that goes takes its settings along.
        change = types.WorkspaceFoldersChangeEvent(added=[], removed=[types.WorkspaceFolder(two.as_uri(), "two")])
        editor.client.set_configuration({"tapefix": {}})
        editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(change))
        assert [each.code for each in await editor.next_diagnostics(uris[1])] == ["TPF101"]


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_client_that_sends_its_settings(tmp_path: Path, wrapped: bool) -> None:
    plain = capabilities(workspace=types.WorkspaceClientCapabilities())
    options = {"settings": {"ignore": ["TPF101"]}} if wrapped else {"ignore": ["TPF101"]}
    async with session(tmp_path, can=plain, options=options) as editor:
        uri = "untitled:Untitled-1"
        editor.open(uri, BROKEN)
        assert await editor.diagnostics(uri) == []
        settings = {"tapefix": {"ignore": []}} if wrapped else {"ignore": []}
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        assert [each.code for each in await editor.next_diagnostics(uri)] == ["TPF101"]
