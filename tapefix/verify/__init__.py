"""Running a script before and after a rewrite, and the verdict on it."""
