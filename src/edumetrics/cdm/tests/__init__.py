"""Checks of this part against twins, published values and recovery."""
