"""Doors and contracts of the directory; the only part that other rooms import."""
