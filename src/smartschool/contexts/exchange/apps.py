"""Exchange as a Django app."""

from django.apps import AppConfig

from smartschool.kernel.actor import Actor


class ExchangeConfig(AppConfig):
    name = "smartschool.contexts.exchange"
    label = "exchange"
    verbose_name = "数据汇聚与交换"

    def ready(self) -> None:
        from smartschool.contexts.exchange import policies, retention
        from smartschool.contexts.exchange.panels import unfinished_imports
        from smartschool.kernel.registry import NavItem, Panel, nav_items, panels

        retention.register()
        panels.register(
            Panel("exchange.unfinished", policies.import_files.name, unfinished_imports, order=15)
        )
        nav_items.register(
            NavItem(
                "exchange.imports", "导入", "file-spreadsheet", policies.import_files.name, _url, order=85
            )
        )
        nav_items.register(
            NavItem(
                "exchange.district_imports",
                "导入",
                "file-spreadsheet",
                policies.import_district_files.name,
                _district_url,
                order=85,
            )
        )


def _url(actor: Actor) -> str | None:
    from django.urls import reverse

    if actor.workspace is None:
        return None
    return reverse("exchange:index", kwargs={"school_code": actor.workspace.code})


def _district_url(actor: Actor) -> str | None:
    from django.urls import reverse

    return reverse("exchange:district_index")
