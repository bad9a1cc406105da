"""Curriculum as a Django app; registers its seed."""

from django.apps import AppConfig


class CurriculumConfig(AppConfig):
    name = "smartschool.contexts.curriculum"
    label = "curriculum"
    verbose_name = "课程与知识图谱"

    def ready(self) -> None:
        from smartschool.contexts.curriculum.seeds import seed
        from smartschool.kernel.registry import Seed, seeds

        seeds.register(Seed("curriculum", 20, seed))
