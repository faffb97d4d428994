"""Which settings hold for a program: those of its project's `pyproject.toml`, and before them those of the client."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapefix.config import FILE, Config, ConfigError, read_settings
from tapefix.editor.known import Known, State, file_state
from tapefix.registry import UnknownRuleError, load_rules, select_rules
from tapefix.selection import Selection
from tapefix.share import Allotment
from tapefix.source.ignoring import DEFAULT_DIRECTORIES, Patterns, compile_patterns

if TYPE_CHECKING:
    from tapefix.codemod import Codemod

SECTION = "tapefix"
CLIENT_KEYS = frozenset({"trace", "interpreter", "path", "server", "enable", "environment", "open-files-only"})
"""What a client has in the same section, and a project has not."""

Complain = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class ClientSettings:
    """What the client says for one of its folders, or for all of them."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """By the names of the fields of `Config`."""
    environment: str | None = None
    """The interpreter that is selected in the editor: it runs what no setting names an interpreter for."""
    open_files_only: bool = False
    """Whether nothing is to be said of files that are not open, though the client asks for all."""

    @classmethod
    def of(cls, given: object, complain: Complain) -> ClientSettings:
        """The settings that a client sent; what cannot be used is complained of, and the rest holds."""
        if not isinstance(given, Mapping):
            if given is not None:
                complain(f"the editor's settings: {SECTION} must be a table")
            return cls()
        values: dict[str, Any] = {}
        environment = given.get("environment")
        if environment is not None and not isinstance(environment, str):
            complain(f"the editor's settings: {SECTION}.environment must be a string")
            environment = None
        open_only = given.get("openFilesOnly")
        if open_only is not None and not isinstance(open_only, bool):
            complain(f"the editor's settings: {SECTION}.openFilesOnly must be true or false")
            open_only = None
        for key, value in given.items():
            name = re.sub(r"[A-Z]", lambda match: "-" + match[0].lower(), str(key))
            # An editor sends null for what nobody has set.
            if name in CLIENT_KEYS or value is None:
                continue
            try:
                read = read_settings({name: value}, f"the editor's settings: {SECTION}")
                _check_rules(read)
            except ConfigError as error:
                complain(str(error))
            except UnknownRuleError as error:
                complain(f"the editor's settings: {SECTION}.{name}: {error}")
            else:
                values.update(read)
        return cls(values, environment, bool(open_only))

    def says(self, other: ClientSettings) -> bool:
        """Whether it says the same as another."""
        mine, others = ((each.values, each.environment, each.open_files_only) for each in (self, other))
        return mine == others

    def over(self, config: Config, folder: Path | None) -> Config:
        """A project's settings with these before them; paths of the client are those below `folder`."""
        values = {key: value for key, value in self.values.items() if key not in ("select", "ignore")}
        if folder is not None and "baseline" in values:
            values["baseline"] = str(folder / Path(values["baseline"]).expanduser())
        root = folder if folder is not None and ("exclude" in values or "per_file_ignores" in values) else config.root
        settled = replace(config, root=root, **values)
        return replace(settled, python=settled.python or self.environment)


def _check_rules(values: Mapping[str, Any]) -> None:
    named = [*values.get("select", ()), *values.get("ignore", ())]
    named += [name for names in values.get("per_file_ignores", {}).values() for name in names]
    for name in named:
        select_rules(load_rules(), (name,))


@dataclass(frozen=True)
class Ruling:
    """What holds for one program."""

    config: Config
    rules: tuple[type[Codemod], ...]
    """None at all, where the settings leave the file out."""
    own: Allotment = field(default_factory=Allotment)
    """What is known of it already."""


class Settings:
    """The settings of a session. Asked from the thread that checks, changed from the one that talks to the client."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._told: set[str] = set()
        self._client: dict[Path | None, ClientSettings] = {}
        self._selections: dict[ClientSettings, Selection] = {}
        self._seen: dict[Path, tuple[State | None, ...]] = {}
        self._last_good: dict[Path, Config] = {}
        self.known = Known(self.complain)
        self.folders: tuple[Path, ...] = ()
        """The client's folders."""

    def complain(self, message: str) -> None:
        """Tell the user what is wrong with a setting, once."""
        if message not in self._told:
            self._told.add(message)
            self._complain(message)

    def set_client(self, given: object, folder: Path | None = None) -> bool:
        """Take over what the client says, for one folder or for all that have nothing of their own.

        Returns whether that is anything new.
        """
        said = ClientSettings.of(given, self.complain)
        known = self._client.get(folder)
        if known is not None and said.says(known):
            return False
        self._client[folder] = said
        return True

    def forget_files(self) -> None:
        """Read every `pyproject.toml` again."""
        self._selections = {}

    def ruling(self, path: Path | None) -> Ruling:
        """What holds for a file, or for a text that has none yet."""
        folder = self._folder(path)
        where = path or (folder or Path.cwd()) / "untitled.py"
        selection, config = self._settled(where, folder)
        if path is not None and (selection.excludes(where, config) or _others_code(where, folder)):
            return Ruling(config, ())
        return Ruling(config, selection.rules(where, config), self.known.allotment(path, config))

    def open_files_only(self, folder: Path) -> bool:
        """Whether the client wants to hear only of what it has open in one of its folders."""
        return self._client.get(folder, self._client.get(None, _NOTHING)).open_files_only

    def excluded(self, folder: Path) -> Patterns | None:
        """What a walk of one of the client's folders leaves out by the settings that hold for all of it."""
        _, config = self._settled(folder / "untitled.py", folder)
        return compile_patterns(str(config.root), config.exclude) if config.root and config.exclude else None

    def _settled(self, where: Path, folder: Path | None) -> tuple[Selection, Config]:
        """The settings for a file. Those that cannot be used are complained of, and the last good ones hold."""
        client = self._client.get(folder, self._client.get(None, _NOTHING))
        selection = self._selection(client, where.parent)
        try:
            config = selection.config(where.parent)
            selection.rules(where, config)
            self._last_good[where.parent] = config
        except (ConfigError, UnknownRuleError) as error:
            self.complain(str(error))
            config = self._last_good.get(where.parent, Config())
        return selection, client.over(config, folder)

    def _folder(self, path: Path | None) -> Path | None:
        """The client's folder that a file is in, the innermost one; the first for what has no file yet."""
        if path is None:
            return self.folders[0] if self.folders else None
        around = [folder for folder in self.folders if path.is_relative_to(folder)]
        return max(around, key=lambda folder: len(folder.parts), default=None)

    def _selection(self, client: ClientSettings, folder: Path) -> Selection:
        """The rules and settings as they were read, read again when a file that they come from has changed."""
        state = tuple(file_state(above / FILE) for above in (folder, *folder.parents))
        if self._seen.get(folder) != state:
            self._seen[folder] = state
            self._selections = {}
        selection = self._selections.get(client)
        if selection is None:
            values = client.values
            selection = Selection(values.get("select", ()), values.get("ignore", ()))
            self._selections[client] = selection
        return selection


_NOTHING = ClientSettings()


def _others_code(path: Path, folder: Path | None) -> bool:
    """Whether a walk of the folder would not come to a file: it belongs to somebody else, or is a copy."""
    between = path.parent.parts if folder is None else path.parent.relative_to(folder).parts
    others = {"site-packages", "node_modules"} if folder is None else DEFAULT_DIRECTORIES
    return any(name in others for name in between)
