"""Importers of the workbooks that directory owns: pupils, staff, guardians, schools, teaching."""
