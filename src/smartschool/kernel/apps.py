"""Kernel as a Django app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "smartschool.kernel"
    label = "kernel"

    def ready(self) -> None:
        from smartschool.kernel import lookups, policy  # noqa: F401 - they register themselves
