"""Identity as a Django app."""

from django.apps import AppConfig

from smartschool.kernel.actor import Actor


class IdentityConfig(AppConfig):
    name = "smartschool.contexts.identity"
    label = "identity"
    verbose_name = "统一身份认证"

    def ready(self) -> None:
        from smartschool.contexts.identity import policies, throttle  # noqa: F401 - registers the policies
        from smartschool.contexts.identity.seeds import run
        from smartschool.kernel.registry import NavItem, Seed, nav_items, seeds
        from smartschool.kernel.retention import Expiry, expiries

        expiries.register(Expiry("identity.sign_in_throttle", "sign_in", throttle.purge))
        seeds.register(Seed("identity", 20, run))
        for name, policy, url in (
            ("school", "manage_school_accounts", _school_url),
            ("district", "manage_district_accounts", _district_url),
        ):
            nav_items.register(
                NavItem(f"identity.{name}_accounts", "账号", "key", f"identity.{policy}", url, order=85)
            )


def _school_url(actor: Actor) -> str | None:
    from django.urls import reverse

    if actor.workspace is None:
        return None
    return reverse("identity:school_accounts", kwargs={"school_code": actor.workspace.code})


def _district_url(actor: Actor) -> str | None:
    from django.urls import reverse

    return reverse("identity:district_accounts")
