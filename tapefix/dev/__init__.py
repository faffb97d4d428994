"""Keeping the rule pack: stubs for new rules, golden files, and the pages and tables made from both."""
