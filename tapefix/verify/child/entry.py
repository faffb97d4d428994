"""Running the file under test: as a script, or through the project's own entry point."""

from __future__ import annotations

import importlib.machinery
import linecache
import os
import shlex
import sys
import types
from typing import Any, Callable, Dict, Optional

from .notebooks import flags_for, prepare, run_program

Compiler = Callable[[Any, str], Any]
"""Makes code of a source text and the path of its file."""


def plainly(source: Any, path: str) -> Any:
    """Compile a file as `python` would."""
    return compile(source, path, "exec", flags_for(path), dont_inherit=True)


def lay_over(path: str, original: str, text: str, compiled: Compiler = plainly, root: str = "") -> None:
    """Make every import of the file under test read `text`, wherever it is found.

    With a `root`, every module of the project below it goes through the compiler too.
    """
    loader: Any = importlib.machinery.SourceFileLoader
    data, stats = loader.get_data, loader.path_stats
    ours = {os.path.realpath(path), os.path.realpath(original)}

    def get_data(self: Any, wanted: str) -> Any:
        return text.encode("utf-8") if _same(wanted) else data(self, wanted)

    def path_stats(self: Any, wanted: str) -> Any:
        if _same(wanted) or _of_project(wanted):
            # No modification time, so that no byte code of another text is taken for this one's.
            raise OSError("laid over")
        return stats(self, wanted)

    def source_to_code(self: Any, source: Any, wanted: str, *args: Any, **kwargs: Any) -> Any:
        if isinstance(wanted, str) and _same(wanted):
            return compiled(text, path)
        if isinstance(wanted, str) and _of_project(wanted):
            return compiled(source, wanted)
        return to_code(self, source, wanted, *args, **kwargs)

    def _same(wanted: str) -> bool:
        return wanted.endswith(name) and os.path.realpath(wanted) in ours

    def _of_project(wanted: str) -> bool:
        return bool(root) and wanted.startswith(root + os.sep) and "site-packages" not in wanted

    to_code = loader.source_to_code
    name = os.path.basename(path)
    loader.get_data, loader.path_stats, loader.source_to_code = get_data, path_stats, source_to_code
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)


def execute(request: Dict[str, Any], compiled: Optional[Compiler] = None) -> None:
    """Run the file, or the entry point that leads to it, as `python` would; `compiled` makes the project's code."""
    path, text = request["path"], request["text"]
    run = request["run"]
    sys.dont_write_bytecode = True
    root = request["root"].rstrip(os.sep) if compiled is not None else ""
    compiled = compiled or plainly
    if request["notebook"]:
        prepare()
    lay_over(path, request["original"], text, compiled, root)
    os.chdir(request["cwd"])
    if not run:
        sys.argv = [path]
        sys.path.insert(0, os.path.dirname(path))
        _main(path, text, compiled)
        return
    words = shlex.split(run)
    if words[0] == "python":
        words = words[1:]
    if words[0] == "-m":
        words = words[1:]
    script = os.path.join(os.getcwd(), words[0])
    if os.path.isfile(script):
        sys.argv = [script, *words[1:]]
        sys.path.insert(0, os.path.dirname(script))
        if os.path.realpath(script) == os.path.realpath(path):
            _main(path, text, compiled)
            return
        with open(script, "rb") as file:
            _main(script, file.read(), compiled)
        return
    import runpy

    sys.argv = [words[0], *words[1:]]
    sys.path.insert(0, os.getcwd())
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _main(path: str, text: Any, compiled: Compiler) -> None:
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    run_program(compiled(text, path), module.__dict__)
