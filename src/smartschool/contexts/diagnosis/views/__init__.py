"""Pages of diagnosis: parse, fetch through a policy, compose, render."""
