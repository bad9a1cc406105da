"""Points too many to list their classes: independent given ability, but for the items they share."""
