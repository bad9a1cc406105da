"""Which pupil a row means: by 学籍号 or 身份证号, by class and 学号, or by a name that only one pupil has."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from smartschool.contexts.directory.public.contracts import ClassInfo, Seat
from smartschool.contexts.directory.public.doors import (
    classes_of,
    enrolments_by_id_hash,
    enrolments_by_name,
    enrolments_by_national_hash,
    enrolments_by_seat,
    seats_by_enrolment,
)
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.kernel import clock
from smartschool.kernel.cells import as_text, narrow
from smartschool.kernel.tabular import Bad, Cell, Checked, FileRefused

# Two names that changed places are a slip of the pen; a sorted column moves more.
FEWEST_SHIFTED = 3
LAST_PRIMARY_GRADE = 6
MOST_NAMED = 20  # more names that differ are told in one sentence
_DIGITS = "零一二三四五六七八九十"
_NUMBER_COLUMNS = (("national_number", "学籍号"), ("id_number", "身份证号"), ("exam_number", "考号"))


class Who(NamedTuple):
    """What a row says of its pupil. `column` is where a fault belongs."""

    column: str
    number: str = ""
    home_class: str = ""
    class_number: int | None = None
    name: str = ""

    @property
    def key(self) -> str:
        """Equal for rows of the same pupil."""
        return self.number or f"{self.home_class}\0{self.class_number or self.name}"


def who_of(checked: Checked, grade: int) -> list[Who]:
    """One `Who` a row."""
    size = len(checked.frame)
    texts = {key: checked.column(key) for key, _ in _NUMBER_COLUMNS}
    names, classes, grades = (checked.column(key) for key in ("name", "home_class", "grade"))
    seats = checked.frame.columns.get("class_number") or [None] * size
    found = []
    for index in range(size):
        number, column = "", ""
        for key, zh in _NUMBER_COLUMNS:
            text = str(texts[key][index] or "")
            if text and (len(text) in (18, 19) or key != "exam_number"):
                number, column = text, zh
                break
        seat = _seat(seats[index])
        if not number and isinstance(seat, str):
            number, column = seat, "学号"
        home_class = str(classes[index] or "")
        if (
            home_class
            and "年级" not in home_class
            and grades[index]
            and home_class.strip("班()（）").isdigit()
        ):
            home_class = f"{grades[index]}{home_class}"
        found.append(
            Who(
                column or ("学号" if isinstance(seat, int) else "姓名"),
                number,
                home_class,
                seat if isinstance(seat, int) else None,
                str(names[index] or ""),
            )
        )
    return found


def _seat(cell: Cell) -> int | str | None:
    """学号 inside the class; some schools write the 学籍号 under this head."""
    text = "" if cell is None else as_text(cell)
    if isinstance(text, Bad) or not text:
        return None
    text = narrow(text).upper()
    if len(text) in (18, 19):
        return text
    return int(text) if text.isdigit() and 0 < int(text) < 1000 else None


def class_spellings(classes: Iterable[ClassInfo], grade: int) -> dict[str, int]:
    """Every way to write a class of a grade → its id: 五（1）班, 五年级1班, 5.1, 501, 1班."""
    found: dict[str, int] = {}
    for one in classes:
        number, digit = one.number, _DIGITS[grade]
        stage = f"初{_DIGITS[grade - 6]}" if grade > LAST_PRIMARY_GRADE else f"小{digit}"
        numbers = [str(number), _DIGITS[number]] if number < len(_DIGITS) else [str(number)]
        for head in ("", digit, f"{digit}年级", str(grade), f"{grade}年级", f"{one.entry_year}级", stage):
            for said in numbers:
                for tail in (f"({said})班", f"({said})", f"{said}班", said):
                    found.setdefault(head + tail, one.id)
        for text in (
            f"{grade}{number:02d}",
            f"{grade}{number:02d}班",
            *(f"{head}{mark}{number}" for head in (grade, digit, stage) for mark in ".-"),
        ):
            found[text] = one.id
        found[narrow(one.name).replace(" ", "")] = one.id
    return found


@dataclass(frozen=True, slots=True)
class Matched:
    """Pupils found, one a `Who`; None with the reason in `faults`. In `warnings`: found, but odd."""

    pupils: list[Seat | None]
    faults: list[tuple[int, str, Bad]]
    warnings: list[tuple[int, str, Bad]]


def match(who: Sequence[Who], *, organisation_id: int, grade: int, on: date | None) -> Matched:
    """Find the pupils of one school in a handful of queries. Namesakes are never chosen between."""
    day = on or clock.today()
    known = _by_number(who, organisation_id)
    ids = [None if one is None else one[0] for one in known]
    faults: list[tuple[int, str, Bad]] = []
    warnings: list[tuple[int, str, Bad]] = []
    rest = [index for index, one in enumerate(who) if not one.number]
    if rest:
        _by_seat_or_name(who, rest, ids, faults, warnings, organisation_id, grade, day)
    if len(rest) < len(who):
        warnings += _other_names(who, known)
    wanted = {pk for pk in ids if pk is not None}
    placed = seats_by_enrolment(wanted, on=day)
    late = wanted - placed.keys()
    if late:  # seated after the exam day: the seat of today is the best that is known
        placed |= seats_by_enrolment(late)
    told = {index for index, _, _ in faults}
    pupils: list[Seat | None] = []
    for index, (one, pk) in enumerate(zip(who, ids, strict=True)):
        pupil = placed.get(pk) if pk is not None else None
        pupils.append(pupil)
        if pupil is None and index not in told:
            faults.append((index, one.column, _unknown(one, known=pk is not None)))
    return Matched(pupils, faults, warnings)


def _other_names(who: Sequence[Who], known: Sequence[tuple[int, str] | None]) -> list[tuple[int, str, Bad]]:
    """Rows whose number and name are not of the same pupil; `known` is who has the number.

    A column that was sorted without the others gives pupils each other's marks: where the names are those of
    the numbers, only in another order, the file is refused.
    """
    told = [(index, one[1]) for index, one in enumerate(known) if one is not None and who[index].name]
    differ = [index for index, name in told if name != who[index].name]
    real, written = Counter(name for _, name in told), Counter(who[index].name for index, _ in told)
    if len(differ) >= FEWEST_SHIFTED and real == written:
        raise FileRefused(
            "names_shifted",
            f"有 {len(differ)} 行的号码和姓名是两名学生的，多半是一列单独排过序。请对照原表改好再导入。",
        )
    if len(differ) > MOST_NAMED:
        message = f"有 {len(differ)} 行的姓名和学籍里这个号码的不一样，这是第一行，请核对一眼。"
        return [(differ[0], "姓名", Bad("name_differs", message))]
    words = "学籍里这个{}不是“{}”，请核对一眼。"
    return [
        (index, "姓名", Bad("name_differs", words.format(who[index].column, who[index].name)))
        for index in differ
    ]


def _unknown(one: Who, *, known: bool) -> Bad:
    if known:
        return Bad("unplaced_pupil", "这名学生有学籍，还没有编班。请先编班，再导入成绩。")
    if one.number:
        return Bad("unknown_pupil", f"本校没有{one.column}为这个号码的学生。请核对号码，或先导入学籍。")
    if one.class_number is not None or one.name:
        return Bad("unknown_pupil", "本校没有找到这名学生。请核对班级、学号和姓名，或补上学籍号。")
    return Bad("unknown_pupil", "这一行没有写是谁。请填学籍号，或班级和学号。")


def _by_number(who: Sequence[Who], organisation_id: int) -> list[tuple[int, str] | None]:
    """Enrolment and name of each row's number. A G number carries the ID number: it meets the pupil by the
    hash of that part, as the roster does."""
    by_id = {index: one.number[1:] if len(one.number) == 19 and one.number[0] == "G" else one.number
             for index, one in enumerate(who) if one.number}  # fmt: skip
    hashes = {index: id_hash(number) for index, number in by_id.items() if len(number) == 18}
    known = enrolments_by_id_hash(organisation_id, set(hashes.values())) if hashes else {}
    found: list[tuple[int, str] | None] = [None] * len(who)
    for index, digest in hashes.items():
        found[index] = known.get(digest)
    rest = {i: national_hash(who[i].number) for i in by_id if found[i] is None}
    if rest:
        known = enrolments_by_national_hash(organisation_id, set(rest.values()))
        for index, digest in rest.items():
            found[index] = known.get(digest)
    return found


def _by_seat_or_name(
    who: Sequence[Who],
    rest: Sequence[int],
    ids: list[int | None],
    faults: list[tuple[int, str, Bad]],
    warnings: list[tuple[int, str, Bad]],
    organisation_id: int,
    grade: int,
    day: date,
) -> None:
    classes = classes_of([organisation_id], grade=grade, on=day)
    spelled = class_spellings(classes, grade)
    class_of = {index: spelled.get(narrow(who[index].home_class).replace(" ", "")) for index in rest}
    seats = enrolments_by_seat([one.id for one in classes], on=day)
    only = classes[0].id if len(classes) == 1 else None
    names = enrolments_by_name(organisation_id, {who[i].name for i in rest if who[i].name})
    namesakes = seats_by_enrolment([pk for pks in names.values() for pk in pks], on=day)
    for index in rest:
        one, class_id = who[index], class_of[index] or only
        fitting = [
            pk
            for pk in names.get(one.name, ())
            if pk in namesakes
            and (namesakes[pk].home_class_id == class_id if class_id else _in(namesakes[pk], classes))
        ]
        if one.class_number is not None and class_id is not None:
            seated = seats.get((class_id, one.class_number))
            if seated is not None and one.name and names and seated not in names.get(one.name, ()):
                message = f"这个班 {one.class_number} 号不是“{one.name}”，请核对学号和姓名。"
                faults.append((index, "学号", Bad("name_contradicts_number", message)))
            else:
                ids[index] = seated
        elif len(fitting) == 1:
            ids[index] = fitting[0]
            if one.home_class and class_id is None:
                message = f"没有找到“{one.home_class}”这个班，按姓名认出了这名学生，请核对一眼。"
                warnings.append((index, "班级", Bad("unknown_class", message)))
        elif len(fitting) > 1:
            message = "有几名同名的学生，分不清是谁。请补上学籍号，或班级和学号。"
            faults.append((index, "姓名", Bad("ambiguous_pupil", message)))


def _in(pupil: Seat, classes: Sequence[ClassInfo]) -> bool:
    return any(pupil.home_class_id == one.id for one in classes)
