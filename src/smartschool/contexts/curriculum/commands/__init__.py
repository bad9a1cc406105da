"""Commands of curriculum."""
