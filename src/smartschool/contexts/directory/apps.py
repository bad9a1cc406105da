"""Directory as a Django app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "smartschool.contexts.directory"
    label = "directory"
    verbose_name = "组织机构与人员"

    def ready(self) -> None:
        from smartschool.contexts.directory import policies  # noqa: F401 - registers them
        from smartschool.contexts.directory.importers.roster import RosterImporter
        from smartschool.kernel.registry import importers

        importers.register(RosterImporter())
