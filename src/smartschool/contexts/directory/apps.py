"""Directory as a Django app."""

from django.apps import AppConfig

from smartschool.kernel.actor import Actor


class DirectoryConfig(AppConfig):
    name = "smartschool.contexts.directory"
    label = "directory"
    verbose_name = "组织机构与人员"

    def ready(self) -> None:
        from smartschool.contexts.directory import policies  # noqa: F401 - registers them
        from smartschool.contexts.directory.importers.guardians import GuardiansImporter
        from smartschool.contexts.directory.importers.roster import RosterImporter
        from smartschool.contexts.directory.importers.schools import SchoolsImporter
        from smartschool.contexts.directory.importers.staff import StaffImporter
        from smartschool.contexts.directory.importers.teaching import TeachingImporter
        from smartschool.contexts.directory.seeds import run
        from smartschool.kernel.registry import NavItem, Seed, importers, nav_items, seeds

        kinds = (RosterImporter, StaffImporter, TeachingImporter, GuardiansImporter, SchoolsImporter)
        for kind in kinds:
            importers.register(kind())
        seeds.register(Seed("directory", 10, run))
        for name, label, icon, policy, url in (
            ("profile", "本校", "building", "view_school", _profile_url),
            ("classes", "师生与班级", "users", "view_classes", _classes_url),
            ("teaching", "任职与任课", "table", "manage_teaching", _teaching_url),
            ("schools", "学校与人员", "building", "view_schools", _schools_url),
            ("terms", "校历", "calendar", "manage_terms", _terms_url),
        ):
            nav_items.register(
                NavItem(f"directory.{name}", label, icon, f"directory.{policy}", url, order=80)
            )


def _profile_url(actor: Actor) -> str | None:
    from django.urls import reverse

    if actor.workspace is None:
        return None
    return reverse("directory:profile", kwargs={"school_code": actor.workspace.code})


def _classes_url(actor: Actor) -> str | None:
    from django.urls import reverse

    if actor.workspace is None:
        return None
    return reverse("directory:classes", kwargs={"school_code": actor.workspace.code})


def _teaching_url(actor: Actor) -> str | None:
    from django.urls import reverse

    if actor.workspace is None:
        return None
    return reverse("directory:teaching", kwargs={"school_code": actor.workspace.code})


def _schools_url(actor: Actor) -> str | None:
    from django.urls import reverse

    return reverse("directory:schools")


def _terms_url(actor: Actor) -> str | None:
    from django.urls import reverse

    return reverse("directory:school_years")
