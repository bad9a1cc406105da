"""Owns the sentence that opens each home, and beside it the classes of a school, own class or children."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest

from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.directory.public import families
from smartschool.contexts.directory.public.contracts import TeachingInfo
from smartschool.kernel.actor import Actor
from smartschool.kernel.policy import policy
from smartschool.web.panels import panel

FIRST = 5


@panel("schools", "web.see_schools", order=FIRST, body=False)
def schools(request: HttpRequest, actor: Actor) -> dict[str, object] | None:
    """How many schools of the plan there are; a 中心校 is the office of its schools and not one of them."""
    found = [school for school in directory.schools() if school.plan_category]
    if not found:
        return None
    return {
        "n": len(found),
        "rural": sum(school.plan_category == "rural" for school in found),
        "urban": sum(school.plan_category == "urban" for school in found),
        "towns": len({school.town for school in found}),
    }


@panel("school_classes", "web.see_school", order=FIRST)
def school_classes(request: HttpRequest, actor: Actor) -> dict[str, object] | None:
    """Classes of the school with size and 班主任; a class without one needs a person."""
    assert actor.workspace is not None  # noqa: S101 -- the policy stands in a school
    school = [actor.workspace.id]
    classes = directory.classes_of(school)
    sizes = directory.class_sizes(school)
    heads = directory.form_teachers(found.id for found in classes)
    rows = [(found, sizes.get(found.id, 0), heads.get(found.id)) for found in classes]
    return {
        "school_code": actor.workspace.code,
        "rows": rows,
        "may_import": actor.role in policy("exchange.import_files").roles,
        "pupils": sum(size for _, size, _ in rows),
        "headless": [found.name for found, _, head in rows if head is None],
        "staff": len(directory.staff_of(actor.workspace.id)),
    }


def _or_none(look_up: Callable[[], list[TeachingInfo]]) -> list[TeachingInfo]:
    """Nothing is taught before the district has entered its first term."""
    try:
        return look_up()
    except LookupError:
        return []


@panel("own_class", "web.see_own_class", order=FIRST)
def own_class(request: HttpRequest, actor: Actor) -> dict[str, object] | None:
    """The class (rarely two) of a 班主任, and who teaches it."""
    assert actor.workspace is not None  # noqa: S101 -- the policy stands in a school
    assert actor.person_id is not None  # noqa: S101 -- signed in
    classes = directory.form_classes_of(actor.person_id)
    if not classes:
        return {"classes": []}
    sizes = directory.class_sizes([actor.workspace.id])
    return {
        "school_code": actor.workspace.code,
        "classes": [
            (found, sizes.get(found.id, 0), _or_none(partial(directory.teachers_of_class, found.id)))
            for found in classes
        ],
    }


@panel("own_teaching", "web.see_own_teaching", order=FIRST)
def own_teaching(request: HttpRequest, actor: Actor) -> dict[str, object] | None:
    """What a teacher teaches this term."""
    assert actor.workspace is not None  # noqa: S101 -- the policy stands in a school
    assert actor.person_id is not None  # noqa: S101 -- signed in
    taught = _or_none(partial(directory.taught_by, actor.person_id))
    sizes = directory.class_sizes([actor.workspace.id])
    return {
        "school_code": actor.workspace.code,
        "lessons": [(one, sizes.get(one.home_class.id, 0)) for one in taught],
    }


@panel("own_place", "web.see_own_place", order=FIRST, body=False)
def own_place(request: HttpRequest, actor: Actor) -> dict[str, object] | None:
    """Where a pupil belongs."""
    assert actor.person_id is not None  # noqa: S101 -- signed in
    return {"places": families.own_enrolments(actor.person_id)}


@panel("own_children", "web.see_own_children", order=FIRST)
def own_children(request: HttpRequest, actor: Actor) -> dict[str, object] | None:
    """Where the own children belong."""
    assert actor.person_id is not None  # noqa: S101 -- signed in
    return {"children": families.children_of(actor.person_id)}
