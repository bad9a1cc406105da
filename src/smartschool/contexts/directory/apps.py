"""Directory as a Django app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "smartschool.contexts.directory"
    label = "directory"
    verbose_name = "组织机构与人员"

    def ready(self) -> None:
        from smartschool.contexts.directory import policies  # noqa: F401 - registers them
        from smartschool.contexts.directory.importers.roster import RosterImporter
        from smartschool.contexts.directory.seeds import run
        from smartschool.kernel.registry import Seed, importers, seeds

        importers.register(RosterImporter())
        seeds.register(Seed("directory", 10, run))
