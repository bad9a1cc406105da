"""Assessment as a Django app."""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "smartschool.contexts.assessment"
    label = "assessment"
    verbose_name = "考试与试题"
