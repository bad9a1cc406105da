"""Registers the web storey: base templates, UI kit, role homes."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The storey above the rooms; owns no table."""

    name = "smartschool.web"
    label = "web"
    verbose_name = "页面"
