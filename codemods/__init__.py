"""The first rule pack: one file per rule, found through the entry-point group `tapefix.codemods`."""
