"""Parsing, and the words for what does not parse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tapefix.source.errors import ParseError
from tapefix.source.nesting import MAX_DEPTH, measure
from tapefix.source.parsing import parse, parses
from tapefix.source.text import SourceText

PYTHON_2 = [
    ("import os\nprint 'a', os\n", "print statement", 2, 0),
    ("def f():\n    print x\n", "print statement", 2, 4),
    ("try:\n    pass\nexcept ValueError, e:\n    pass\n", "except with a comma", 3, 17),
    ("try:\n    pass\nexcept (A, B), e:\n    pass\n", "except with a comma", 3, 13),
    ("x = `a`\n", "backticks", 1, 4),
    ("if a <> b:\n    pass\n", "operator <>", 1, 5),
    ('exec "x = 1"\n', "exec statement", 1, 0),
    ("os.chmod(f, 0777)\n", "octal", 1, 12),
    ("x = 10L\n", "long integer", 1, 4),
    ("x = ur'a'\n", "ur''", 1, 4),
    ("raise E, 'a'\n", "raise with a comma", 1, 0),
    ("def f(a, (b, c)):\n    pass\n", "tuple parameter", 1, 9),
]


@pytest.mark.parametrize(("text", "what", "line", "column"), PYTHON_2)
def test_python_2_is_called_by_its_name(text: str, what: str, line: int, column: int) -> None:
    with pytest.raises(ParseError, match="this is Python 2") as caught:
        parse(text)
    assert what in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        "print('a')\nx = '''\nprint x\n'''\n# print x\n",
        "print\n",
        "print = 1\nprint in x\n",
        "x = '`a`'; y = 1e-05; z = 00\n",
        "try:\n    pass\nexcept (A, B):\n    pass\n",
        "s = '''\nexcept A, e:\n'''\n",
        "match x:\n    case [1, 2]:\n        pass\n",
        "type X = int\ndef f[T](x: T): ...\n",
        "x = f'{a!r:{b}}' + f'{'nested'}'\n",
        "",
        "\n\n",
        "\t\n# only\n",
        "x = 1",
    ],
)
def test_python_3_parses(text: str) -> None:
    assert parses(text)


@pytest.mark.parametrize(
    ("text", "line"), [("x = (1\ny = 2\n", 1), ("def f(:\n", 1), ("x = 1\n  y = 2\n", 2), ("x = 1\ny = 'abc\n", 2)]
)
def test_a_syntax_error_has_its_place(text: str, line: int) -> None:
    with pytest.raises(ParseError, match="syntax error") as caught:
        parse(SourceText.of(text, "a.py"))
    assert caught.value.line == line
    assert str(caught.value).startswith(f"a.py:{line}:")


DEEP = {
    "brackets": "x = " + "(" * 5000 + "1" + ")" * 5000,
    "calls": "x = " + "f(" * 3000 + ")" * 3000,
    "lambdas": "x = " + "lambda: " * 5000 + "1",
    "sums": "x = " + "1 + " * 5000 + "1",
    "minus": "x = " + "-" * 5000 + "1",
    "attributes": "x = a" + ".b" * 5000,
    "f-strings": "x = " + 'f"{' * 5000 + "1" + '}"' * 5000,
    "branches": "if 1:\n    pass\n" + "elif 2:\n    pass\n" * 3000,
    "blocks": "".join(" " * i + "if 1:\n" for i in range(1200)) + " " * 1200 + "pass\n",
    "strings": "x = (" + "'a'\n" * 5000 + ")",
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_nesting_is_refused_and_ends_no_process(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "deep.py"
    file.write_text(DEEP[kind] + "\n", encoding="utf-8")
    code = "import sys; from tapefix.source.parsing import parse; from tapefix.source.text import *\n"
    code += "from pathlib import Path; parse(SourceText.read(Path(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "ParseError" in last and "deep.py" in last


def test_what_is_deep_but_not_too_deep_can_be_walked() -> None:
    from libcst.metadata import MetadataWrapper, PositionProvider, ScopeProvider

    text = "x = " + "1 + " * (MAX_DEPTH - 10) + "1\n" + "y = " + "[" * 190 + "]" * 190 + "\n"
    wrapper = MetadataWrapper(parse(text), unsafe_skip_copy=True)
    assert wrapper.resolve(PositionProvider) and wrapper.resolve(ScopeProvider)


def test_an_open_bracket_is_a_syntax_error_and_not_deep_nesting() -> None:
    with pytest.raises(ParseError, match="never closed"):
        parse("x = (\n" + "y = a.b + c\n" * 2000)


def test_flat_code_is_not_deep() -> None:
    text = "x = [" + "1.5 + f(a[2]), " * 10_000 + "]\n" + "y = {'a': 1}\n" * 100
    assert measure(text).depth < 15
