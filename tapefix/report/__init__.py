"""How findings, diffs and verdicts are shown."""
