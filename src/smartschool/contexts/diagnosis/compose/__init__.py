"""Pure composition: stored figures and a paper's sketch become what a page says. No Django, no database."""
