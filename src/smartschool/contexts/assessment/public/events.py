"""Names of the events that assessment publishes. `ids` carries keys only."""

# subject_id: paper; ids: {"paper": …, "classes": [home class keys]}
MARKS_COMMITTED = "assessment.marks_committed"
# subject_id: paper; ids: {"paper": …, "items": [positions touched], "revision": …}
PAPER_CORRECTED = "assessment.paper_corrected"
# subject_id: paper; ids: {"paper": …, "items": [positions touched], "revision": …}
BLUEPRINT_CHANGED = "assessment.blueprint_changed"
