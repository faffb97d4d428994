"""The language server: diagnostics and code actions where people type."""
