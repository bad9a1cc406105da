"""Assessment as a Django app; registers its policies, its importer and its seed."""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "smartschool.contexts.assessment"
    label = "assessment"
    verbose_name = "考试与试题"

    def ready(self) -> None:
        from smartschool.contexts.assessment import policies  # noqa: F401 - registers them
        from smartschool.contexts.assessment.marks_import.importer import MarksImporter
        from smartschool.contexts.assessment.seeds import run
        from smartschool.kernel.registry import Seed, importers, seeds

        importers.register(MarksImporter())
        seeds.register(Seed("assessment", 40, run))
