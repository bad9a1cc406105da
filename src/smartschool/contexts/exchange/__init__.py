"""Data from outside: landing, staging, checks, preview, apply and undo."""
