"""Doors and contracts of the exchange; the only part that other rooms import."""
