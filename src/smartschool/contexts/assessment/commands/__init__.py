"""Commands of assessment, one module a family of verbs."""
