"""Curriculum as a Django app."""

from django.apps import AppConfig


class CurriculumConfig(AppConfig):
    name = "smartschool.contexts.curriculum"
    label = "curriculum"
    verbose_name = "课程与知识图谱"
