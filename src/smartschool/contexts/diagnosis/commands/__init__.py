"""Writers of diagnosis: analyses, releases, raw exports."""
