"""Verbs of identity: one module per family."""
