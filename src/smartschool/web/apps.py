"""Registers the web storey: 今日 in the navigation, the house's own panels."""

from collections.abc import Callable

from django.apps import AppConfig

from smartschool.kernel.actor import Actor


class WebConfig(AppConfig):
    """The storey above the rooms; owns no table."""

    name = "smartschool.web"
    label = "web"
    verbose_name = "页面"

    def ready(self) -> None:
        from smartschool.kernel.registry import NavItem, nav_items
        from smartschool.web import policies
        from smartschool.web.panels import people  # noqa: F401 - registers the panels

        for name, wanted, address in (
            ("school", policies.open_school_today, "/schools/{code}/today/"),
            ("district", policies.open_district_today, "/district/today/"),
            ("own", policies.open_own_today, "/me/today/"),
        ):
            nav_items.register(
                NavItem(f"web.{name}_today", "今日", "calendar-event", wanted.name, _at(address), order=0)
            )


def _at(address: str) -> Callable[[Actor], str]:
    """Address of 今日 for an actor who stands in a workspace."""
    return lambda actor: address.format(code=actor.workspace.code if actor.workspace else "")
