"""Queries that the code expects to give nothing."""

from __future__ import annotations

import pytest

from tapefix.tapes.reading import Reading

EXPECTED = {
    "is None beside it": "assert tape.gradient(y, x) is None\n",
    "assertIsNone": "self.assertIsNone(tape.gradient(y, x))\n",
    "a name": "g = tape.gradient(y, x)\nassert g is None\n",
    "a name, and more": "g = tape.gradient(y, x)\nassert g is None and y > 0\n",
    "a block that raises": "with self.assertRaises(RuntimeError):\n    tape.gradient(z, x)\n",
    "pytest.raises": "with pytest.raises(RuntimeError, match='non-persistent'):\n    tape.gradient(z, x)\n",
    "try around it": "try:\n    g = tape.gradient(z, x)\nexcept RuntimeError as error:\n    print(error)\n",
}
ASKED = {
    "plainly": "g = tape.gradient(y, x)\n",
    "another object": "print(tape.gradient(y, x) is y)\n",
    "not None": "g = tape.gradient(y, x)\nassert g is not None\n",
    "a guard": "g = tape.gradient(y, x)\nif g is None:\n    raise SystemExit('no gradient')\n",
    "a name that was bound again": "g = tape.gradient(y, x)\ng = None\nassert g is None\n",
    "a guard against anything": "try:\n    g = tape.gradient(z, x)\nexcept Exception as error:\n    print(error)\n",
    "raised again": "try:\n    g = tape.gradient(z, x)\nexcept ValueError:\n    raise\n",
    "a step under a guard": "try:\n    z = f(x)\n    g = tape.gradient(z, x)\nexcept ValueError:\n    pass\n",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_expected(name: str) -> None:
    assert len(Reading(EXPECTED[name]).expected) == 1


@pytest.mark.parametrize("name", ASKED)
def test_asked(name: str) -> None:
    assert not Reading(ASKED[name]).expected
