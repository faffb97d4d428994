"""The flow from a source to a target: what depends on it, and where the tape loses it."""
