"""Organisations and people: who belongs where, since when, and under which number."""
