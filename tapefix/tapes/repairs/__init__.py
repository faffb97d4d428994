"""What is broken, and what would mend it: the questions that rules ask, planned for a whole module."""
