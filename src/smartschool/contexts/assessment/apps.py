"""Assessment as a Django app; registers its policies, its importer and its seed."""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "smartschool.contexts.assessment"
    label = "assessment"
    verbose_name = "考试与试题"

    def ready(self) -> None:
        from smartschool.contexts.assessment import policies  # noqa: F401 - registers them
        from smartschool.contexts.assessment.marks_import.importer import MarksImporter
        from smartschool.contexts.assessment.panels import missing_marks, open_requests, waiting_marks
        from smartschool.contexts.assessment.seeds import run
        from smartschool.kernel.registry import NavItem, Panel, Seed, importers, nav_items, panels, seeds

        importers.register(MarksImporter())
        panels.register(Panel("assessment.waiting", "assessment.enter_marks", waiting_marks, order=20))
        panels.register(Panel("assessment.missing", "assessment.view_exams", missing_marks, order=20))
        panels.register(
            Panel("assessment.requests", "assessment.answer_request", open_requests, 10, side=True)
        )
        nav_items.register(
            NavItem(
                "assessment.exams",
                "考试",
                "clipboard-list",
                "assessment.view_exams",
                lambda actor: f"/schools/{actor.workspace.code}/exams/" if actor.workspace else None,
                order=30,
                also=("papers/",),
            )
        )
        nav_items.register(
            NavItem(
                "assessment.exam_requests",
                "考试申请",
                "clipboard-check",
                "assessment.answer_request",
                lambda actor: "/district/exam-requests/",
                order=60,
            )
        )
        seeds.register(Seed("assessment", 40, run))
