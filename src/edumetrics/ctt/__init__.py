"""Classical analysis of items and papers: facility, discrimination, distractors, reliability, omissions."""
