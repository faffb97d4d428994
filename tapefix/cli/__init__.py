"""One file per command: parses options, calls the engine, prints."""
