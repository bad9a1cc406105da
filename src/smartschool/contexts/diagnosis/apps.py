"""Diagnosis as a Django app: registers policies, navigation, panels of 今日 and the demo."""

from collections.abc import Callable

from django.apps import AppConfig

from smartschool.kernel.actor import Actor


class DiagnosisConfig(AppConfig):
    name = "smartschool.contexts.diagnosis"
    label = "diagnosis"
    verbose_name = "成绩分析与知识点诊断"

    def ready(self) -> None:
        from smartschool.contexts.diagnosis import panels, policies, seeds  # noqa: F401 - policies register
        from smartschool.kernel.registry import NavItem, Panel, Seed, nav_items
        from smartschool.kernel.registry import panels as all_panels
        from smartschool.kernel.registry import seeds as all_seeds

        for name, label, policy, url in (
            ("reports", "学情", "view_report", _school("analysis")),
            ("levels", "本班学情", "view_levels", _school("levels")),
            ("release", "发布结果", "release_results", _school("releases")),
            ("own", "学情", "view_own", _plain("own-reports")),
            ("quality", "质量监测", "view_quality", _plain("quality")),
        ):
            nav_items.register(
                NavItem(
                    f"diagnosis.{name}", label, ICONS[name], f"diagnosis.{policy}", url, order=ORDERS[name]
                )
            )
        for name, policy, render, order, side in (
            ("own", "view_own", panels.new_own_reports, 10, False),
            ("new", "view_marks", panels.new_reports, 30, False),
            ("to_release", "release_results", panels.to_release, 30, False),
            ("coverage", "view_coverage", panels.coverage, 40, False),
            ("quality", "view_quality", panels.quality, 50, True),
        ):
            all_panels.register(Panel(f"diagnosis.{name}", f"diagnosis.{policy}", render, order, side))
        all_seeds.register(Seed("diagnosis", 50, seeds.run))


ICONS = {
    "reports": "chart-histogram",
    "levels": "report-analytics",
    "release": "send",
    "own": "chart-histogram",
    "quality": "chart-dots",
}
ORDERS = {"reports": 31, "levels": 32, "release": 33, "own": 20, "quality": 40}


def _school(name: str) -> Callable[[Actor], str | None]:
    def url(actor: Actor) -> str | None:
        from django.urls import reverse

        return (
            None if actor.workspace is None else reverse(name, kwargs={"school_code": actor.workspace.code})
        )

    return url


def _plain(name: str) -> Callable[[Actor], str | None]:
    def url(actor: Actor) -> str | None:
        from django.urls import reverse

        return reverse(name)

    return url
