"""From nodes and statements to edits that change as little text as can be."""
