"""Diagnosis: analysis of exams, knowledge diagnosis, reports to teachers, pupils and parents."""
