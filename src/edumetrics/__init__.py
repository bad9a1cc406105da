"""Educational measurement: arrays in, frozen results out. No Django, no I/O, no clock."""
