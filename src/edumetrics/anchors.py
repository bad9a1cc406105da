"""Owns what makes items that two exams share an anchor: how many at least, and from where one has drifted."""

# Kolen & Brennan (2014), p. 288: at least 20 % of the paper; with fewer than 4 anchors a single drifting
# item moves the whole scale and cannot be seen.
MIN_ANCHORS = 4
# Robust z beyond this marks an anchor that has drifted (Huynh & Meyer 2010).
DRIFT_Z = 2.7
# Anchors that hardly differ have no spread to measure by; less than this is no drift.
LEAST_SPREAD = 0.05
