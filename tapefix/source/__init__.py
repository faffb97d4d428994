"""A file as text and tree: encodings, line endings, edits, diffs, atomic writes."""
