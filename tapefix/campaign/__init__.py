"""A batch migration: a plan, a journal, executors, a result, and a way back."""
