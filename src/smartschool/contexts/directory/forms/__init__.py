"""Forms of directory, one module a family."""
