"""Pages of directory, one module a family."""
