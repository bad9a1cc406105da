"""Exchange as a Django app."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "smartschool.contexts.exchange"
    label = "exchange"
    verbose_name = "数据汇聚与交换"
