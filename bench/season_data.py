"""The season that is measured: one workbook a school and paper, and a district that waits for them."""

import random
from datetime import date
from pathlib import Path

import numpy as np

SCHOOLS, PUPILS, CLASS_SIZE = 25, 9054, 45
SUBJECTS = ("13", "14", "41", "12", "21", "20", "18", "16", "17")
ITEMS, OBJECTIVE = 40, 15


def pupils_of(school: int) -> int:
    """9,054 over 25 schools."""
    return PUPILS // SCHOOLS + (school < PUPILS % SCHOOLS)


def g_number(school: int, pupil: int) -> str:
    from smartschool.contexts.directory.public.identifiers import id_check_character

    first = f"3404{school + 10:02d}2014{pupil // 31 % 12 + 1:02d}{pupil % 28 + 1:02d}{pupil:03d}"
    return "G" + first + id_check_character(first)


def write_workbooks(folder: Path, schools: int) -> list[Path]:
    """One workbook a school and paper: a title, the header, a row of full marks, marks as numbers."""
    import xlsxwriter

    rng = np.random.default_rng(7)
    names = random.Random(7)
    difficulty = np.clip(rng.normal(0.65, 0.15, ITEMS), 0.1, 0.95)
    paths = []
    for school in range(schools):
        size = pupils_of(school)
        who = [
            (g_number(school, n), "学生" + names.choice("甲乙丙丁戊己庚辛壬癸") + names.choice("一二三四"))
            for n in range(size)
        ]
        ability = rng.normal(0, 0.15, size)
        for subject in SUBJECTS:
            path = folder / f"{school:02d}-{subject}.xlsx"
            book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["七年级期末成绩"])
            sheet.write_row(1, 0, ["学籍号", "姓名", *[str(n + 1) for n in range(ITEMS)], "总分"])
            sheet.write_row(2, 0, ["", "满分", *[full_of(n) for n in range(ITEMS)]])
            chance = np.clip(difficulty + ability[:, None], 0.02, 0.98)
            marks = rng.binomial([full_of(n) for n in range(ITEMS)], chance)
            for row, (number, name) in enumerate(who):
                sheet.write_row(row + 3, 0, [number, name, *marks[row].tolist(), int(marks[row].sum())])
            book.close()
            paths.append(path)
    return paths


def full_of(item: int) -> int:
    return 2 if item < OBJECTIVE else 3


def prepare(schools: int) -> None:
    """Schools, classes, pupils with their numbers, and one exam with nine papers a school."""
    from django.db import transaction

    from smartschool.contexts.assessment.models import Exam, Item, ItemPoint, Paper
    from smartschool.contexts.curriculum.models import KnowledgePoint
    from smartschool.contexts.directory import records
    from smartschool.contexts.directory.models import HomeClass, Organisation
    from smartschool.contexts.directory.public.contracts import NewPupil
    from smartschool.contexts.directory.public.doors import current_term
    from smartschool.kernel.scope import scope_of

    term = current_term()
    year = int(term.school_year[:4])
    points = list(KnowledgePoint.objects.filter(subject="14", stage="junior", level=3)[:12])
    bureau = Organisation.objects.get(kind="bureau")
    for school in range(schools):
        code = f"31340499{school:02d}"
        with transaction.atomic():
            place = Organisation.objects.create(
                code=code,
                name=code,
                short_name=code,
                kind="school",
                parent=bureau,
                valid_from=date(2020, 1, 1),
            )
            with scope_of([place.pk]):
                size = pupils_of(school)
                classes = [
                    HomeClass.objects.create(
                        organisation=place,
                        stage="junior",
                        entry_year=year,
                        number=n + 1,
                        valid_from=term.starts_on,
                    )
                    for n in range(-(-size // CLASS_SIZE))
                ]
                numbers = [g_number(school, n) for n in range(size)]
                records.write_enrolments(
                    place.pk,
                    [
                        NewPupil(
                            "学生", "junior", year, national_number=number, id_number=number[1:],
                            home_class_id=classes[n // CLASS_SIZE].pk, class_number=n % CLASS_SIZE + 1,
                        )
                        for n, number in enumerate(numbers)
                    ],
                    term.starts_on,
                )  # fmt: skip
                exam = Exam.objects.create(
                    organisation=place, code=f"B{school:02d}", name="七年级期末", nature="final",
                    term_id=term.id, grade=7, held_on=term.starts_on,
                )  # fmt: skip
                for subject in SUBJECTS:
                    paper = Paper.objects.create(
                        organisation=place, exam=exam, code=f"B{school:02d}{subject}", subject=subject,
                        stage="junior", entry_year=year, full_score=sum(full_of(n) for n in range(ITEMS)),
                    )  # fmt: skip
                    items = Item.objects.bulk_create(
                        Item(
                            organisation=place, paper=paper, position=n, label=str(n + 1),
                            full_score=full_of(n), type="open",
                        )
                        for n in range(ITEMS)
                    )  # fmt: skip
                    ItemPoint.objects.bulk_create(
                        ItemPoint(organisation=place, item=item, point=points[n % len(points)])
                        for n, item in enumerate(items)
                    )
