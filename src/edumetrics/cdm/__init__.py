"""Cognitive diagnosis: class models over knowledge states."""
