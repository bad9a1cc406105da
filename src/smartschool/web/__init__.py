"""Root URLs, error pages, base templates, UI kit and role homes."""
