"""Who teaches what in the demo: teachers filled subject by subject, one 班主任 a class."""

from dataclasses import dataclass, field

from smartschool.contexts.directory.seeds_plan import PlannedClass

# Weekly lessons by subject code and grades, after 义务教育课程方案（2022 年版） within its 26–34 a week.
_LESSONS: dict[str, dict[int, int]] = {
    "13": {**dict.fromkeys(range(1, 3), 8), **dict.fromkeys(range(3, 10), 6)},
    "14": {
        **dict.fromkeys(range(1, 3), 4),
        **dict.fromkeys(range(3, 7), 5),
        **dict.fromkeys(range(7, 10), 5),
    },
    "41": {**dict.fromkeys(range(3, 7), 3), **dict.fromkeys(range(7, 10), 5)},
    "12": dict.fromkeys(range(1, 10), 2),
    "15": dict.fromkeys(range(1, 7), 2),
    "16": {8: 2, 9: 3},
    "17": {9: 3},
    "18": {7: 2, 8: 2},
    "20": {7: 2, 8: 2},
    "21": dict.fromkeys(range(7, 10), 2),
    "22": {**dict.fromkeys(range(1, 3), 4), **dict.fromkeys(range(3, 10), 3)},
    "24": {**dict.fromkeys(range(1, 7), 2), **dict.fromkeys(range(7, 10), 1)},
    "25": {**dict.fromkeys(range(1, 7), 2), **dict.fromkeys(range(7, 10), 1)},
    "61": dict.fromkeys(range(3, 9), 1),
    "62": dict.fromkeys(range(1, 10), 1),
}
_ORDER = ("13", "14", "41", "12", "21", "15", "16", "17", "18", "20", "22", "24", "25", "61", "62")


@dataclass
class Teacher:
    """A place at a school that somebody will fill: what it teaches, of which class it is 班主任."""

    load: int = 0
    units: list[tuple[int, str]] = field(default_factory=list)  # index of the class, subject
    form_of: int | None = None


def subjects_of(grades: tuple[int, ...]) -> dict[str, int]:
    """Subject code → weekly lessons; a 复式班 is taught together."""
    found = {}
    for subject in _ORDER:
        lessons = [_LESSONS[subject][grade] for grade in grades if grade in _LESSONS[subject]]
        if lessons:
            found[subject] = max(lessons)
    return found


def last_year(planned: PlannedClass) -> tuple[int, ...]:
    """Grades of the class one year ago; empty when it did not exist."""
    first = {"primary": 1, "junior": 7}[planned.stage]
    return tuple(grade - 1 for grade in planned.grades if grade > first)


def weight_of(classes: list[PlannedClass]) -> float:
    """Share of a school in the district's staff: a part by class, a part by pupil (编制 goes by both)."""
    return sum(8 + 0.5 * one.size for one in classes)


def fill(classes: list[PlannedClass], teachers: int) -> list[Teacher]:
    """Give every class-subject of this and of the last year to one of `teachers` places."""
    units: list[tuple[int, str, int]] = []
    for subject in _ORDER:
        for index, planned in enumerate(classes):
            now = subjects_of(planned.grades)
            if subject in now:
                units.append((index, subject, now[subject]))
            elif subject in subjects_of(last_year(planned)):
                units.append((index, subject, 0))
    total = sum(lessons for _, _, lessons in units)
    places = [Teacher() for _ in range(teachers)]
    current, given = 0, 0
    for index, subject, lessons in units:
        # Move on when the places so far carry their share of the lessons so far.
        while current < teachers - 1 and given >= total * (current + 1) / teachers:
            current += 1
        places[current].units.append((index, subject))
        places[current].load += lessons
        given += lessons
    _choose_form_teachers(classes, places)
    return places


def _choose_form_teachers(classes: list[PlannedClass], places: list[Teacher]) -> None:
    """语文 and 数学 teachers first, then whoever teaches the class, then anybody who is free."""
    for index in range(len(classes)):
        here = [t for t in places if any(unit[0] == index for unit in t.units)]
        core = [t for t in here if any(unit in ((index, "13"), (index, "14")) for unit in t.units)]
        free = [t for t in (*core, *here, *places) if t.form_of is None]
        free[0].form_of = index
