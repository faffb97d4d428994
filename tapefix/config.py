"""`[tool.tapefix]` in the nearest `pyproject.toml`. What it does not know, it refuses: no typing error is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

FILE = "pyproject.toml"
SANDBOXES = ("auto", "require", "off")


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file and the key."""


@dataclass(frozen=True)
class Config:
    """The settings of a project; the command line goes before them."""

    root: Path | None = None
    """The folder of the file they were read from; None when there is none."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe: bool = False
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    samples: int | None = None
    timeout: float | None = None
    memory: int | None = None
    """Megabytes."""
    device: str | None = None
    sandbox: str | None = None
    python: str | None = None
    run: str | None = None
    baseline: str | None = None

    @property
    def path(self) -> Path | None:
        """The file they were read from."""
        return None if self.root is None else self.root / FILE

    @property
    def baseline_file(self) -> Path | None:
        """The file of known findings that they name; None when they name none."""
        if self.baseline is None:
            return None
        file = Path(self.baseline).expanduser()
        return file if self.root is None else self.root / file

    @property
    def source(self) -> str:
        """What to call them in a message."""
        return f"{self.path}: tool.tapefix"


def find_config(start: Path, cache: dict[Path, Config] | None = None) -> Config:
    """The settings for a folder: those of the nearest `pyproject.toml` upwards that has any.

    Raises:
        ConfigError: the file is no TOML, or holds what tapefix does not know.
    """
    cache = {} if cache is None else cache
    start = start.absolute()
    missing = []
    found = Config()
    for folder in (start, *start.parents):
        if folder in cache:
            found = cache[folder]
            break
        missing.append(folder)
        table = _table(folder / FILE) if (folder / FILE).is_file() else None
        if table is not None:
            found = _parse(table, folder)
            break
    cache.update(dict.fromkeys(missing, found))
    return found


def _table(path: Path) -> dict[str, Any] | None:
    """The table `tool.tapefix`; None when the file has none."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        text = path.read_bytes()
        # Most files have no such table, and reading TOML takes longer than seeing that.
        if b"tapefix" not in text:
            return None
        document = tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: this file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: this is not TOML: it is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from None
    tool = document.get("tool", {})
    table = tool.get("tapefix") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.tapefix must be a table")
    return table


def _parse(table: dict[str, Any], root: Path) -> Config:
    config = Config(root)
    return replace(config, **read_settings(table, config.source))


def read_settings(table: Mapping[str, object], source: str) -> dict[str, Any]:
    """The settings of a table by the names of their fields in `Config`.

    Raises:
        ConfigError: one of them is not known, or has a value that it cannot have; the message begins with `source`.
    """
    names = {entry.name.replace("_", "-"): entry.name for entry in fields(Config) if entry.name != "root"}
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{source}.{key}"
        if key not in names:
            raise ConfigError(f"{where}: there is no such setting{suggest(key, names)}")
        values[names[key]] = _READERS[names[key]](value, where)
    return values


def suggest(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """A phrase that names what may have been meant."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(f'`{name}`' for name in close)}?"
    return f"; known are {', '.join(sorted(known))}"


def _strings(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{where} must be a list of strings")
    return tuple(value)


def _string(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string")
    return value


def _boolean(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{where} must be true or false")
    return value


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{where} must be a whole number of at least 1")
    return value


def _seconds(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ConfigError(f"{where} must be a number of seconds above 0")
    return float(value)


def _sandbox(value: object, where: str) -> str:
    if value not in SANDBOXES:
        raise ConfigError(f"{where} must be one of {', '.join(SANDBOXES)}")
    return str(value)


def _per_file(value: object, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of file patterns and lists of rules")
    return {str(key): _strings(rules, f'{where}."{key}"') for key, rules in value.items()}


_READERS: dict[str, Callable[[object, str], object]] = {
    "select": _strings,
    "ignore": _strings,
    "unsafe": _boolean,
    "exclude": _strings,
    "per_file_ignores": _per_file,
    "samples": _count,
    "timeout": _seconds,
    "memory": _count,
    "device": _string,
    "sandbox": _sandbox,
    "python": _string,
    "run": _string,
    "baseline": _string,
}
