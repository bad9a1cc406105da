"""Pure computation: the arrays of one paper become figures."""
