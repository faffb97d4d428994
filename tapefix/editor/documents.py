"""The texts that the client has open, kept equal to its own change by change."""

from __future__ import annotations

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

from tapefix.editor.positions import Units, offset_of
from tapefix.source.lines import Lines


class Document(TextDocument):
    """An open text. Lines end as the protocol has it, at CR LF, CR and LF only."""

    _table: Lines | None = None

    @property
    def table(self) -> Lines:
        """The line table of the present text."""
        text = self.source
        if self._table is None or self._table.text is not text:
            self._table = Lines(text)
        return self._table

    @property
    def lines(self) -> list[str]:
        """The lines with their ends."""
        table = self.table
        ends = [*table.starts[1:], len(table.text)]
        return [table.text[start:end] for start, end in zip(table.starts, ends, strict=True)]

    @property
    def units(self) -> Units:
        """The unit of the client's columns."""
        return Units(self.position_codec.encoding)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        table, units = self.table, self.units
        start = offset_of(table, change.range.start, units)
        end = max(offset_of(table, change.range.end, units), start)
        self._source = table.text[:start] + change.text + table.text[end:]


class Documents(Workspace):
    """The open texts, notebooks and folders of a session."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Document:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=types.TextDocumentSyncKind.Incremental,
            position_codec=self.position_codec,
        )

    def open_document(self, uri: str) -> Document | None:
        """An open text; None when the client has none of that name."""
        found = self.text_documents.get(_key(uri))
        return found if isinstance(found, Document) else None

    def notebook_of(self, uri: str) -> types.NotebookDocument | None:
        """The notebook of that name, or that has a cell of that name."""
        return self.get_notebook_document(notebook_uri=uri) or self.get_notebook_document(cell_uri=uri)


def _key(uri: str) -> str:
    from urllib.parse import unquote

    return unquote(uri)
