"""Directory as a Django app."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "smartschool.contexts.directory"
    label = "directory"
