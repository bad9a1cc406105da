"""大通智慧学校: one platform for a district's smart schools."""
