"""The static reading of a module: names, values, tapes, queries, and the flow from sources to targets."""
