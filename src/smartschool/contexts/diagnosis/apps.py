"""Diagnosis as a Django app."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    name = "smartschool.contexts.diagnosis"
    label = "diagnosis"
    verbose_name = "成绩分析与知识点诊断"

    def ready(self) -> None:
        from smartschool.contexts.diagnosis import policies  # noqa: F401 - registers them
