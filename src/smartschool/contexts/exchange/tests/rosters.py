"""Rosters as the checks make them: two schools, rows of pupils, an import, what stands then."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from smartschool.contexts.directory.commands import organisations
from smartschool.contexts.directory.models import (
    Enrolment,
    Guardianship,
    HomeClass,
    Organisation,
    Placement,
)
from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.contexts.exchange.public.contracts import ImportReport
from smartschool.contexts.exchange.public.doors import import_file
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.scope import scope_of

ACTOR = system_actor("checks")
HEAD = ["姓名", "性别", "出生日期", "身份证号", "年级", "班级号", "班内学号", "联系电话"]
HEAD += ["成员1姓名", "成员1关系", "成员1联系电话"]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.frozen(datetime(2026, 11, 25, 4, tzinfo=UTC)):
        yield


def make_school(bureau: Organisation, code: str, name: str) -> Organisation:
    return organisations.create_organisation(
        actor=ACTOR, parent=bureau, code=code, name=name, short_name=name,
        kind="school", valid_from=date(2020, 1, 1),
    )  # fmt: skip


def number(serial: int, born: str = "20170301") -> str:
    first = f"340402{born}{2 * serial + 1:03d}"  # odd: a boy
    return first + id_check_character(first)


def pupil(serial: int, **changes: object) -> list[object]:
    row = {
        "姓名": f"学生{'甲乙丙丁戊己庚辛壬癸'[serial % 10]}{'一二三四五六七八九十'[serial // 10]}",
        "性别": "男", "出生日期": "20170301", "身份证号": number(serial), "年级": "三年级", "班级号": "02",
        "班内学号": serial + 1, "联系电话": "13900000000", "成员1姓名": "张某", "成员1关系": "父亲",
        "成员1联系电话": f"1380000{serial:04d}",
    }  # fmt: skip
    row |= changes
    return [row[name] for name in HEAD]


def load(content: bytes, school: Organisation | None, **options: object) -> ImportReport:
    return import_file(
        actor=ACTOR, importer="roster", content=content, file_name="名单.xlsx",
        school_code=school.code if school else None, **options,  # type: ignore[arg-type]
    )  # fmt: skip


def codes(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in report.faults]


def pupils_of(school: Organisation) -> dict[str, Enrolment]:
    with scope_of([school.pk]):
        return {one.name: one for one in Enrolment.objects.filter(valid_to__isnull=True)}


def counts(school: Organisation) -> tuple[int, int, int, int]:
    with scope_of([school.pk]):
        return (
            Enrolment.objects.count(), Placement.objects.count(),
            Guardianship.objects.count(), HomeClass.objects.count(),
        )  # fmt: skip
