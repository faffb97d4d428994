"""Fix and verify, and show why: real runs through the real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.cli.running import BROKEN, REPAIRED
from tests.editor.runs import FIX_AND_VERIFY, SHOW_WHY, Editor, alive, running
from tests.editor.test_notebooks import PARTS

pytestmark = [pytest.mark.asyncio, pytest.mark.tensorflow]

REJECTED = (Path(__file__).parents[1] / "steering/shared_trunk/script.py").read_text("utf-8")
CPU = {"tapefix": {"device": "cpu"}}
SLOW = BROKEN.replace("x = tf.V", "import time, subprocess\ntime.sleep(2.5)\nx = tf.V")
ENDLESS = BROKEN.replace("x = tf.V", 'import subprocess\nsubprocess.run(["sleep", "54321"])\nx = tf.V')
TWO = """\
import tensorflow as tf

名前 = '🔥'; x = tf.constant(2.0); w = tf.Variable(3.0)
with tf.GradientTape(persistent=True) as tape:
    loss = w * w
    '漢字🔥'; other = tf.reduce_sum(w.numpy() * x)

good = tape.gradient(loss, w)
bad = tape.gradient(other, w)
print(good, bad)
"""


async def test_a_verified_repair_is_applied_and_shown_until_the_line_changes(tmp_path: Path) -> None:
    # What the editor holds is run, and not what is on the disk.
    (tmp_path / "train.py").write_text("raise SystemExit('this is not what is in the buffer')\n")
    async with running(tmp_path, settings=CPU) as editor:
        uri = editor.open(tmp_path / "train.py", BROKEN)
        action = await editor.action(uri, FIX_AND_VERIFY, "y.numpy()", ["quickfix"])
        assert action.kind == "quickfix" and not action.is_preferred
        assert action.title == "Fix and verify: Keep the tensor: drop the call in `y.numpy()`"
        result = await editor.run(action, token="mine")
        assert (result["status"], result["applied"]) == ("verified", True)
        assert editor.text(uri) == REPAIRED
        assert editor.messages == [
            "train.py: verified: 1 gradient is there that was not, and every other value is unchanged (1 rewrite)."
        ]
        begin, *reports, end = editor.session.client.progress_reports["mine"]
        assert begin.title == "Fix and verify train.py" and begin.cancellable
        said = [report.message for report in reports]
        assert "imports TensorFlow" in said[1] and said[-1].startswith("run ")
        assert end.message == "verified"

        hover = await editor.hover(uri, "loss = tf")
        assert hover.startswith("**Verified** by a run, ")
        assert "None → gradient float32 (3), norm" in hover
        hover = await editor.hover(uri, "print(tape")
        assert re.match(r"\*\*Last run\*\*, \d\d:\d\d:\d\d, CPU:0:", hover)
        assert "- d `loss` / d `x`: gradient float32 (3), norm 7.48331" in hover

        # Lines move, and take what is known of them along; a line that changes has lost it.
        editor.session.edit(uri, "import tensorflow as tf\n", "import tensorflow as tf\n\n# a comment\n")
        assert "norm 7.48331" in await editor.hover(uri, "print(tape")
        editor.session.edit(uri, "loss = tf.", "loss = 2 * tf.")
        assert await editor.hover(uri, "loss = 2") == ""

        # Another file of the project has the same warm server, and a rejected repair leaves it as it is.
        (helper,), (warm,) = editor.helpers(), editor.warm()
        other = editor.open(tmp_path / "actor.py", REJECTED)
        result = await editor.fix_all(other)
        assert (result["status"], result["applied"]) == ("rejected", False)
        assert "worked before and differs after" in result["message"]
        assert result["message"].endswith("Nothing was changed.")
        assert editor.messages == [result["message"]]
        assert editor.text(other) == REJECTED and len(editor.applied) == 1
        assert "**Rejected** by a run" in await editor.hover(other, "critic = np.mean")
        assert "**None**" in await editor.hover(other, "for variable, grad")
        assert (editor.helpers(), editor.warm()) == ([helper], [warm])

        # With another setting, it is another one.
        editor.session.client.set_configuration({"tapefix": {"device": "cpu", "samples": 1}})
        editor.session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        await asyncio.sleep(0.5)
        assert (await editor.fix_all(other))["status"] == "rejected"
        await editor.until(lambda: not alive(helper) and not alive(warm))
        assert len(editor.helpers()) == len(editor.warm()) == 1
        left = editor.below()
    await _gone(left)


async def test_why_marks_the_break_until_the_text_changes(tmp_path: Path) -> None:
    async with running(tmp_path, settings={"tapefix": {"device": "cpu", "ignore": ["TPF101"]}}) as editor:
        uri = editor.open(tmp_path / "two.py", TWO)
        assert await editor.session.diagnostics(uri) == []
        action = await editor.action(uri, SHOW_WHY, "tape.gradient(other")
        result = await editor.run(action)
        assert result["status"] == "explained"
        assert result["message"].startswith("two.py: line 6: `w.numpy()` takes the path out of TensorFlow")
        assert editor.messages == [result["message"]]
        (found,) = await editor.session.diagnostics(uri)
        assert found.code == "TPF101" and editor.session.piece(uri, found.range) == "w.numpy()"
        assert found.message.endswith("\nSeen in a run: d other / d w is None.")
        related = [
            (editor.session.piece(uri, each.location.range), each.message) for each in found.related_information or ()
        ]
        assert related[0] == ("tape.gradient(other, w)", "d other / d w is None")
        assert related[1][0] == "w.numpy()" and related[1][1].startswith("✗ 1 of 3: from w (variable float32 ()): ")
        assert related[-1][0].startswith("tf.reduce_sum(") and "→ other tensor float32 ()" in related[-1][1]
        assert "- d `loss` / d `w`: gradient float32 (), norm 6" in await editor.hover(uri, "good = ")
        assert "**None** because `w.numpy()` takes the path out" in await editor.hover(uri, "bad = ")

        asked = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        lenses = await editor.session.client.text_document_code_lens_async(asked)
        marks = [(each.range.start.line, each.command.title) for each in lenses or () if each.command is not None]
        assert marks == [(7, "last run: 1 gradient"), (8, "last run: 1 None")]

        editor.session.edit(uri, "print(good, bad)", "print(bad, good)")
        assert await editor.session.diagnostics(uri) == []
        assert "norm 6" in await editor.hover(uri, "good = ")

        page = await editor.run(await editor.action(uri, "tapefix.showWhyPage", "tape.gradient(other"))
        (shown,) = editor.session.client.shown_documents
        assert shown.external and shown.uri == page["page"]
        path = Path(shown.uri.removeprefix("file://"))
        assert "two.py" in path.read_text("utf-8")
        # A break in another file is shown at the query, and where it is.
        helper = tmp_path / "losses.py"
        helper.write_text("import numpy as np\n\ndef loss_of(w):\n    return np.sum(w.numpy())\n", encoding="utf-8")
        imported = TWO.replace("tf.reduce_sum(w.numpy() * x)", "loss_of(w)").replace(
            "import", "from losses import loss_of\nimport", 1
        )
        uri = editor.open(tmp_path / "three.py", imported)
        assert (await editor.show_why(uri, "tape.gradient(other"))["status"] == "explained"
        (found,) = await editor.session.diagnostics(uri)
        assert editor.session.piece(uri, found.range) == "tape.gradient(other, w)"
        assert found.message.startswith("losses.py:4: `w.numpy()` takes the path out of TensorFlow")
        places = [(each.location.uri, each.location.range.start.line) for each in found.related_information or ()]
        assert (helper.as_uri(), 3) in places
    assert not path.exists()


CELLS = [
    "%load_ext autoreload\nimport tensorflow as tf\nx = tf.Variable([1.0, 2.0, 3.0])\n",
    "!ls\nwith tf.GradientTape() as tape:\n    loss = tf.reduce_sum((x * x).numpy())",
    "grad = tape.gradient(loss, x)\nprint(grad)",
]


async def test_a_notebook_is_run_as_one_program(tmp_path: Path) -> None:
    async with running(tmp_path, settings=CPU) as editor:
        notebook = (tmp_path / "train.ipynb").as_uri()
        first, second, third = editor.session.open_notebook(notebook, CELLS)
        assert len(await editor.session.diagnostics(second)) == 1
        result = await editor.show_why(third, "tape.gradient")
        assert result["message"].startswith("train.ipynb: line 3 of cell 2: `(x * x).numpy()` takes the path out")
        marked = await editor.session.diagnostics(second)
        assert [editor.session.piece(second, each.range) for each in marked] == ["(x * x).numpy()"] * 2
        related = [each.location.uri for each in marked[-1].related_information or ()]
        assert set(related) == {second, third}
        assert "takes the path out of TensorFlow" in await editor.hover(third, "grad = tape")
        result = await editor.fix_all(second)
        assert (result["status"], result["applied"]) == ("verified", True)
        assert [editor.text(uri) for uri in (first, second, third)] == [
            CELLS[0],
            CELLS[1].replace(".numpy()", ""),
            CELLS[2],
        ]
        assert "**Verified** by a run" in await editor.hover(second, "loss = ")
        assert "norm 7.48331" in await editor.hover(third, "grad = tape")


async def test_a_run_on_a_cell_repairs_what_the_cell_needs(tmp_path: Path) -> None:
    record = tmp_path / "known.json"
    settings = {"tapefix": {**CPU["tapefix"], "baseline": str(record)}}
    entry = {"path": "known.ipynb", "code": "TPF201", "line": "print(two.gradient(d, c))"}
    record.write_text(json.dumps({"tapefix-baseline": 1, "findings": [entry]}), encoding="utf-8")
    async with running(tmp_path, settings=settings) as editor:
        names = editor.session.open_notebook((tmp_path / "parts.ipynb").as_uri(), PARTS)
        await editor.session.diagnostics(names[3])
        result = await editor.fix_all(names[1])
        assert (result["status"], result["applied"]) == ("verified", True)
        halves = [PARTS[1].replace(".numpy()", ""), PARTS[2], PARTS[3].replace("np.sum", "tf.reduce_sum")]
        assert [editor.text(uri) for uri in names] == [PARTS[0], *halves]
        whole = await editor.action(names[0], FIX_AND_VERIFY, only=["notebook.source"])
        assert (await editor.run(whole))["applied"]
        assert "two.watch(c)" in editor.text(names[2])
        # What is known is left alone, in the whole notebook as well.
        names = editor.session.open_notebook((tmp_path / "known.ipynb").as_uri(), PARTS)
        await editor.session.diagnostics(names[3])
        whole = await editor.action(names[0], FIX_AND_VERIFY, only=["notebook.source"])
        assert (await editor.run(whole))["status"] == "verified"
        assert [editor.text(uri) for uri in names] == [PARTS[0], *halves]


async def test_a_run_that_is_cancelled_ends(tmp_path: Path) -> None:
    async with running(tmp_path, settings=CPU) as editor:
        uri = editor.open(tmp_path / "train.py", BROKEN)
        assert (await editor.fix_all(uri))["status"] == "verified"
        (warm,) = editor.warm()

        endless = editor.open(tmp_path / "endless.py", ENDLESS)
        for only, command in ((["source.fixAndVerify"], FIX_AND_VERIFY), (None, SHOW_WHY)):
            action = await editor.action(endless, command, None if only else "tape.gradient", only)
            asked = editor.start(action, token=f"token {command}")
            await editor.until(lambda: _sleepers(editor))
            cancel = types.WorkDoneProgressCancelParams(f"token {command}")
            editor.session.client.window_work_done_progress_cancel(cancel)
            assert (await asked)["status"] == "cancelled"
            await editor.until(lambda: not _sleepers(editor))
            assert editor.session.client.progress_reports[f"token {command}"][-1].message == "cancelled"

        client = editor.session.client
        params = types.ExecuteCommandParams(action.command.command, action.command.arguments)
        sent = client.protocol.send_request_async(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="endless")
        request = asyncio.ensure_future(sent)
        await editor.until(lambda: _sleepers(editor))
        client.cancel_request(types.CancelParams("endless"))
        with pytest.raises(JsonRpcException):
            await request
        await editor.until(lambda: not _sleepers(editor))

        # What was given up does not stand in the way of what comes next.
        assert (await editor.show_why(uri, "tape.gradient"))["status"] == "nothing"
        assert editor.warm() == [warm]
        assert editor.text(endless) == ENDLESS


async def test_nothing_is_applied_to_a_text_that_has_changed(tmp_path: Path) -> None:
    async with running(tmp_path, settings=CPU) as editor:
        uri = editor.open(tmp_path / "train.py", SLOW)
        editor.choice = "Fix and verify again"
        asked = editor.start(await editor.action(uri, FIX_AND_VERIFY, "y.numpy()", ["quickfix"]))
        await editor.until(editor.warm)
        editor.session.edit(uri, "[1.0, 2.0, 3.0]", "[1.0, 2.0]")
        typed = editor.text(uri)
        result = dict(await asked)
        assert (result["status"], result["applied"]) == ("changed", False)
        assert "It was not applied: the text has changed since the run began." in result["message"]
        # It was offered again, and that was chosen.
        assert editor.offered == [result["message"]]
        await editor.until(lambda: editor.applied)
        assert editor.text(uri) == typed.replace("y.numpy()", "y")
        assert len(editor.applied) == 1


async def test_a_killed_process_is_reported_and_started_again(tmp_path: Path) -> None:
    async with running(tmp_path, settings=CPU) as editor:
        uri = editor.open(tmp_path / "train.py", BROKEN)
        assert (await editor.show_why(uri, "tape.gradient"))["status"] == "explained"
        (helper,), (warm,) = editor.helpers(), editor.warm()
        assert len(editor.messages) == 1
        os.kill(warm.pid, signal.SIGKILL)
        (message,) = await editor.until(lambda: editor.messages)
        assert "TensorFlow was ended by signal 9; the next run starts it again" in message
        assert (await editor.show_why(uri, "tape.gradient"))["status"] == "explained"
        assert editor.helpers() == [helper] and editor.warm() != [warm]

        left = editor.below()
        os.kill(helper.pid, signal.SIGKILL)
        (_, message) = await editor.until(lambda: len(editor.session.client.messages) > 3 and editor.messages)
        assert "the process that runs scripts was ended by signal 9" in message
        await _gone(left)
        assert (await editor.fix_all(uri))["status"] == "verified"
        assert len(editor.messages) == 1


class Killed(Exception):
    pass


async def test_a_killed_server_leaves_no_process(tmp_path: Path) -> None:
    left: list[psutil.Process] = []
    with pytest.raises(Killed):
        async with running(tmp_path, settings=CPU) as editor:
            uri = editor.open(tmp_path / "endless.py", ENDLESS)
            asked = editor.start(await editor.action(uri, SHOW_WHY, "tape.gradient"))
            await editor.until(lambda: _sleepers(editor))
            left = editor.below()
            assert len(left) > 3
            editor.server.kill()
            asked.cancel()
            raise Killed
    await _gone(left)


@pytest.mark.parametrize("begun", ["Fix", "endless"])
async def test_shutdown_in_the_middle_of_a_run_leaves_no_process(tmp_path: Path, begun: str) -> None:
    async with running(tmp_path, settings=CPU) as editor:
        uri = editor.open(tmp_path / "endless.py", ENDLESS)
        asked = editor.start(await editor.action(uri, SHOW_WHY, "tape.gradient"))
        await editor.until(editor.warm if begun == "Fix" else lambda: _sleepers(editor))
        left = editor.below()
    await _gone(left)
    with pytest.raises(JsonRpcException):
        await asked


async def test_what_keeps_a_text_from_being_run_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import venv

    # A machine without bubblewrap.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sleep").symlink_to(shutil.which("sleep") or "sleep")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'example'\n")
    library = "def gradient(tape, y, x):\n    return tape.gradient(y, x)\n"
    patient = {"timeout": 5}
    cases = {
        "no Python interpreter at": ({"python": "missing/bin/python"}, BROKEN),
        "TensorFlow cannot be imported": ({"python": "bare", "sandbox": "off"}, BROKEN),
        "a sandbox is required, but bubblewrap (bwrap) is not installed": ({"sandbox": "require"}, BROKEN),
        "device must be auto": ({"device": "tpu"}, BROKEN),
        "reached the time limit": (patient, ENDLESS),
        "the file defines functions and nothing calls them": (patient, library),
        "raised ValueError at line 1: no": (patient, "raise ValueError('no')\n" + BROKEN),
        "the text is no Python as it stands": (patient, BROKEN + "def f(:\n"),
    }
    async with running(tmp_path, settings=CPU) as editor:
        for number, (expected, (settings, text)) in enumerate(cases.items()):
            editor.session.client.set_configuration({"tapefix": {"device": "cpu", **settings}})
            editor.session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
            await asyncio.sleep(0.5)
            uri = editor.open(tmp_path / f"case{number}.py", text)
            arguments = [uri, None, 1]
            for command in (FIX_AND_VERIFY, SHOW_WHY):
                action = types.CodeAction("", command=types.Command("", command, arguments=arguments))
                result = await editor.run(action)
                assert expected in result["message"], (command, result)
                assert "Traceback" not in result["message"]
                assert editor.messages == [result["message"]]
            # What needs no run goes on.
            assert await editor.session.diagnostics(uri) is not None
            assert editor.text(uri) == text


def _sleepers(editor: Editor) -> list[psutil.Process]:
    found = []
    for process in editor.below():
        try:
            found += [process] if "54321" in process.cmdline() else []
        except psutil.NoSuchProcess:
            continue
    return found


async def _gone(processes: list[psutil.Process]) -> None:
    assert processes
    for _ in range(600):
        if not any(alive(process) for process in processes):
            return
        await asyncio.sleep(0.1)
    raise AssertionError([process for process in processes if alive(process)])
