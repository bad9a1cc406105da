"""Growth: a group's ability by latent regression, and what a class added beyond what was expected."""

from edumetrics.growth.latent import LatentRegression, latent_regression
from edumetrics.growth.value_added import ValueAdded, value_added

__all__ = ["LatentRegression", "ValueAdded", "latent_regression", "value_added"]
