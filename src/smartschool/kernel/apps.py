"""Kernel as a Django app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "smartschool.kernel"
    label = "kernel"

    def ready(self) -> None:
        from smartschool.kernel import policy  # noqa: F401 - registers the start-up check
