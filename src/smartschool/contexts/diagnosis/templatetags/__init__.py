"""Template tags of diagnosis."""
