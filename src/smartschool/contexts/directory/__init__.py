"""组织机构与人员: organisations, terms, classes, people and their ties to organisations."""
