"""Class models in which pupils also differ in care or luck: a further opinion on a diagnosis."""
