"""The door of assessment."""
