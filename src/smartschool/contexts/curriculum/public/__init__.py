"""The door of curriculum."""
