"""Pages of assessment, one module a family."""
