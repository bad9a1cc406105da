"""The rooms. Each owns its nouns; others enter by its `public` package only (see .importlinter)."""
