"""Owns the processes that are not pages."""
