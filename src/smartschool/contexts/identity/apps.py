"""Identity as a Django app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "smartschool.contexts.identity"
    label = "identity"
    verbose_name = "统一身份认证"

    def ready(self) -> None:
        from smartschool.contexts.identity import policies, throttle  # noqa: F401 - registers the policies
        from smartschool.contexts.identity.seeds import run
        from smartschool.kernel.registry import Seed, seeds
        from smartschool.kernel.retention import Expiry, expiries

        expiries.register(Expiry("identity.sign_in_throttle", "sign_in", throttle.purge))
        seeds.register(Seed("identity", 20, run))
