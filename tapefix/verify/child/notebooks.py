"""What the program of a notebook may count on, and a script may not: `display`, `get_ipython`, `await` at its top."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import inspect
import sys
import types
from typing import Any, Dict, List

SUFFIX = ".ipynb"


class Lines(List[str]):
    """What a shell line gives that is not run: no lines."""

    n = s = p = ""

    @property
    def l(self) -> List[str]:  # noqa: E743 - IPython's name
        """The lines."""
        return list(self)


class Quiet:
    """Takes every call and every question, and does nothing."""

    def __call__(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class Shell(Quiet):
    """Stands for IPython's shell."""

    def getoutput(self, *_: Any, **__: Any) -> Lines:
        """What a shell line gives."""
        return Lines()


def prepare() -> None:
    """Provide the names that a notebook has."""
    shell, quiet = Shell(), Quiet()

    def get_ipython() -> Any:
        # A library that asks learns that it is in no notebook: it would make itself at home there.
        return shell if sys._getframe(1).f_code.co_filename.endswith(SUFFIX) else None

    names: Any = builtins
    names.display, names.get_ipython = quiet, get_ipython
    asked = types.ModuleType("IPython.core.getipython")
    vars(asked)["get_ipython"] = get_ipython
    sys.modules[asked.__name__] = asked
    if importlib.util.find_spec("IPython") is None:
        package, showing = types.ModuleType("IPython"), types.ModuleType("IPython.display")
        package.__path__ = []
        vars(package).update(display=showing, get_ipython=get_ipython, version_info=(9, 0, 0))
        vars(showing)["__getattr__"] = quiet.__getattr__
        sys.modules.update({package.__name__: package, showing.__name__: showing})


def flags_for(path: str) -> int:
    """How a file is compiled: in a notebook, `await` may stand at the top."""
    return ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if path.endswith(SUFFIX) else 0


def run_program(code: types.CodeType, names: Dict[str, Any]) -> None:
    """Execute a program, in an event loop where it awaits something at its top."""
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, names)
        return
    import asyncio

    asyncio.run(eval(code, names))
