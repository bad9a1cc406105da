"""Ring 1: no open door, a place that is not yours is not there, a verb that is not yours is refused."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import path

from smartschool.kernel.actor import ANONYMOUS, Actor, Affiliation, OrganisationRef
from smartschool.kernel.errors import NotAllowed, NotYours, SignInRequired
from smartschool.kernel.policy import (
    Policy,
    Workspace,
    every_route_declares_its_policy,
    open_workspace,
    public,
    register_policy,
    requires,
)
from smartschool.kernel.scope import NoScope, current_scope

BUREAU = OrganisationRef(1, "B", "局", "bureau")
CENTRAL = OrganisationRef(2, "C", "中心校", "central_school")
OWN = OrganisationRef(3, "S1", "一小", "school")
FOREIGN = OrganisationRef(4, "S2", "二小", "school")

SCHOOL = Policy("kernel.try_school", "试", frozenset({"principal"}), Workspace.SCHOOL, write=True)
READING = Policy("kernel.read_school", "读", frozenset({"principal"}), Workspace.SCHOOL)
DISTRICT = Policy("kernel.try_district", "试", frozenset({"district_officer"}), Workspace.DISTRICT)

PRINCIPAL = Actor(account_id=1, affiliations=(Affiliation("principal", OWN, ancestors=(BUREAU,)),))
TEACHER = Actor(account_id=2, affiliations=(Affiliation("subject_teacher", OWN),))
CENTRAL_HEAD = Actor(account_id=3, affiliations=(Affiliation("principal", CENTRAL, descendants=(OWN,)),))
OFFICER = Actor(account_id=4, affiliations=(Affiliation("district_officer", BUREAU, descendants=(OWN,)),))


def open_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


@public("a test")
def declared_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("public")


urlpatterns = [path("open/", open_view), path("declared/", declared_view)]


def test_every_route_of_the_site_declares_its_policy() -> None:
    assert every_route_declares_its_policy() == []


@override_settings(ROOT_URLCONF=__name__)
def test_a_route_without_policy_stops_the_start() -> None:
    assert [problem.msg for problem in every_route_declares_its_policy()] == [
        "route /open/ declares no policy"
    ]


def test_own_school_opens_its_rows_and_only_shares_from_above() -> None:
    actor, scope = open_workspace(PRINCIPAL, SCHOOL, school_code="S1")
    assert (scope.read, scope.write, scope.shared) == ({3}, {3}, {1, 3})
    assert (actor.workspace, actor.role) == (OWN, "principal")


def test_a_reading_policy_writes_nowhere() -> None:
    assert open_workspace(PRINCIPAL, READING, school_code="S1")[1].write == frozenset()


@pytest.mark.parametrize("code", ["S2", "nowhere", ""])
def test_a_foreign_school_is_not_there(code: str) -> None:
    with pytest.raises(NotYours):
        open_workspace(PRINCIPAL, SCHOOL, school_code=code)


def test_a_verb_of_another_role_is_refused() -> None:
    with pytest.raises(NotAllowed):
        open_workspace(TEACHER, SCHOOL, school_code="S1")


def test_a_central_school_acts_for_its_schools_and_no_other() -> None:
    assert open_workspace(CENTRAL_HEAD, SCHOOL, school_code="S1")[1].read == {3}
    with pytest.raises(NotYours):
        open_workspace(CENTRAL_HEAD, SCHOOL, school_code="S2")


def test_the_district_reads_no_pupil_row_of_a_school() -> None:
    with pytest.raises(NotYours):
        open_workspace(OFFICER, SCHOOL, school_code="S1")
    _, scope = open_workspace(OFFICER, DISTRICT)
    assert (scope.read, scope.write, scope.aggregate) == ({1}, frozenset(), {1, 3})


def test_without_an_account_one_is_asked_to_sign_in() -> None:
    with pytest.raises(SignInRequired):
        open_workspace(ANONYMOUS, SCHOOL, school_code="S1")


@pytest.mark.django_db
def test_the_decorator_opens_the_scope_for_the_view_and_closes_it() -> None:
    register_policy(SCHOOL)
    seen = []

    @requires("kernel.try_school")
    def view(request: HttpRequest, *, school_code: str) -> HttpResponse:
        seen.append(current_scope().read)
        return HttpResponse("done")

    request = RequestFactory().get("/")
    request.actor = PRINCIPAL  # type: ignore[attr-defined]
    response = view(request, school_code="S1")
    assert seen == [{3}]
    assert response["Cache-Control"] == "no-store"
    with pytest.raises(NoScope):
        current_scope()
    request.actor = ANONYMOUS  # type: ignore[attr-defined]
    with pytest.raises(SignInRequired):
        view(request, school_code="S1")
    assert len(seen) == 1
