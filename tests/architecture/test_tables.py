"""Every table: its kind, its row security, its labels of personal data, and relations only down the map."""

import configparser
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from smartschool.kernel.fields import EncryptedTextField, Personal
from smartschool.kernel.owned import Owned, TableKind
from smartschool.kernel.retention import rules

ROOT = Path(__file__).resolve().parents[2]
ROOM = "smartschool.contexts."

# Tables of others, and why they need neither kind nor scope. The list may only shrink.
FOREIGN = {
    "auth": "Django's groups and permissions: unused and empty, rights come from affiliations",
    "contenttypes": "Django's list of models: no personal data",
    "sessions": "Django's session table: unused, ours is identity_session",
    "procrastinate": "queue of jobs: arguments are ids only",
}

# Words in a column's name that say: this is about a person.
PERSONAL = re.compile(
    r"(^|_)(name|name_key|pinyin|sex|birth|birthday|ethnicity|phone|mobile|address|email|login|ip|"
    r"id_number|id_hash|national_number|details|health|disability|photo|religion|note|comment)(_|$)"
)
# Columns whose name looks like it and that are about no person.
NOT_PERSONAL = {
    "directory.organisation.name": "an institution",
    "directory.organisation.short_name": "an institution",
    "directory.person.id_hash": "keyed hash, useless without the key; thin person has nothing else",
    "kernel.followercursor.name": "a program",
    "identity.account.last_login": "an instant",
    "curriculum.knowledgepoint.name": "a piece of the curriculum",
    "assessment.exam.name": "an exam",
    "assessment.regulationrequest.name": "an exam",
    "diagnosis.analysisrun.exam_name": "an exam",
    "diagnosis.classfigure.class_name": "a class",
    "diagnosis.release.comment": "to all readers of a release, about the paper",
}


def ours() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if m.__module__.startswith("smartschool.")]


def label(field: models.Field) -> str:
    return f"{field.model._meta.label_lower}.{field.name}"


def fields() -> list[models.Field]:
    return [field for model in ours() for field in model._meta.concrete_fields]


def owned() -> list[type[Owned]]:
    return [model for model in ours() if issubclass(model, Owned)]


@pytest.mark.parametrize("model", ours(), ids=lambda m: m._meta.label)
def test_each_model_says_which_kind_it_is(model: type[models.Model]) -> None:
    kind = getattr(model, "table_kind", None)
    assert isinstance(kind, TableKind)
    assert issubclass(model, Owned) is (kind is TableKind.OWNED)
    has_column = any(field.name == "organisation" for field in model._meta.concrete_fields)
    assert has_column or kind is not TableKind.OWNED


def test_tables_of_others_are_listed() -> None:
    assert {m._meta.app_label for m in apps.get_models()} - {m._meta.app_label for m in ours()} <= set(
        FOREIGN
    )


@pytest.mark.django_db
def test_no_table_without_a_model_but_django_s_own() -> None:
    with connection.cursor() as cursor:
        found = {table.name for table in connection.introspection.get_table_list(cursor)}
    known = {m._meta.db_table for m in apps.get_models(include_auto_created=True)}
    strangers = {t for t in found - known if not t.startswith("procrastinate_")}
    assert strangers == {"django_migrations"}


def policies() -> dict[str, dict[str, tuple[str, str]]]:
    """Table → command → (condition for reading, condition for writing)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, cmd, coalesce(qual, ''), coalesce(with_check, ''), permissive, roles::text"
            " FROM pg_policies"
        )
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for table, command, read, check, permissive, roles in cursor.fetchall():
            assert (permissive, roles) == ("PERMISSIVE", "{public}")
            assert command not in found.setdefault(table, {}), f"{table} has two policies for {command}"
            found[table][command] = (read, check)
        return found


def settings_named(condition: str) -> set[str]:
    return set(re.findall(r"current_setting\('app\.(\w+)'", condition))


@pytest.mark.django_db
def test_row_security_is_what_the_model_says() -> None:
    found = policies()
    assert set(found) == {model._meta.db_table for model in owned()}
    for model in owned():
        rules_of_table = found[model._meta.db_table]
        assert set(rules_of_table) == {"SELECT", "INSERT", "UPDATE", "DELETE"}
        read, _ = rules_of_table["SELECT"]
        assert settings_named(read) == {str(model.sharing)}, model._meta.label
        for command, parts in (("INSERT", (1,)), ("UPDATE", (0, 1)), ("DELETE", (0,))):
            for part in parts:
                assert settings_named(rules_of_table[command][part]) == {"write_orgs"}, (model, command)
        for condition in (text for pair in rules_of_table.values() for text in pair if text):
            assert " OR " not in condition, "an OR turns the index off"
            assert condition.startswith("(organisation_id = ANY")


@pytest.mark.django_db
def test_row_security_is_switched_on_and_indexed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')")
        assert {row[0] for row in cursor.fetchall()} == {model._meta.db_table for model in owned()}
        cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef ~ '\\(organisation_id'")
        assert {model._meta.db_table for model in owned()} <= {row[0] for row in cursor.fetchall()}


@pytest.mark.parametrize("field", fields(), ids=label)
def test_personal_fields_bear_their_label(field: models.Field) -> None:
    about_a_person = isinstance(field, EncryptedTextField) or (
        PERSONAL.search(field.name) is not None
        and not isinstance(field, models.ForeignKey)
        and label(field) not in NOT_PERSONAL
    )
    mark = getattr(field, "personal", None)
    if about_a_person:
        assert isinstance(mark, Personal), f"{label(field)} needs personal(…)"
    if mark is not None:
        assert mark.retention in rules()


def test_exceptions_from_labels_exist() -> None:
    assert set(NOT_PERSONAL) <= {label(field) for field in fields()}


def storeys() -> dict[str, int]:
    """Room → height, from the map that import-linter holds."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    layers = parser["importlinter:contract:map"]["layers"].split("\n")
    height = {}
    for number, layer in enumerate(reversed([text for text in layers if text.strip()])):
        for room in re.split(r"[:|]", layer):
            height[room.strip()] = number
    return height


def room_of(model: type[models.Model]) -> str:
    return model.__module__.removeprefix(ROOM).split(".")[0] if model.__module__.startswith(ROOM) else ""


def relations() -> list[models.ForeignKey]:
    return [f for f in fields() if isinstance(f, models.ForeignKey)]


@pytest.mark.parametrize("field", relations(), ids=label)
def test_relations_point_down_the_map(field: models.ForeignKey) -> None:
    here, there = room_of(field.model), room_of(field.related_model)
    if here == there or not there:
        return
    assert here, f"{label(field)}: the kernel knows no room"
    height = storeys()
    if (here, there) != ("kernel", "directory"):
        assert height[there] < height[here], f"{label(field)} points up or sideways"
    assert field.remote_field.on_delete is models.PROTECT
    assert field.remote_field.related_name == "+", f"{label(field)} opens a way back across rooms"


def test_no_many_to_many_across_rooms() -> None:
    for model in ours():
        for field in model._meta.many_to_many:
            assert room_of(field.related_model) == room_of(model)


def test_every_room_is_on_the_map() -> None:
    installed = {
        name.removeprefix(ROOM).split(".")[0] for name in settings.INSTALLED_APPS if name.startswith(ROOM)
    }
    assert installed <= set(storeys())
