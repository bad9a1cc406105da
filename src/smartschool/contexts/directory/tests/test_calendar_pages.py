"""Pages of the school calendar: the next year prefilled, days out of order refused, a change taken back."""

from datetime import date

import pytest
from django.test import Client

from smartschool.contexts.directory.models import SchoolYear, Term
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.tests.test_organisation_pages import ADMIN, undo
from smartschool.contexts.directory.tests.test_pages import MAIN, signed_in, text
from smartschool.kernel.models import AuditRecord

TERMS = "/district/terms/"
NEXT = {
    "autumn_starts": "2027-09-01", "autumn_ends": "2028-01-21",
    "spring_starts": "2028-02-14", "spring_ends": "2028-07-07",
}  # fmt: skip


@pytest.fixture
def officer(fresh_database: str) -> Client:
    return signed_in(ADMIN)


def test_the_next_year_is_prefilled_entered_and_used(officer: Client) -> None:
    page = text(officer, TERMS)
    assert "校历定到 2027 年 7 月 5 日" in page
    assert "定 2027 学年" in page
    assert 'value="2027-09-01"' in text(officer, TERMS + "2027/"), "the days of the year before"
    saved = officer.post(TERMS + "2027/", NEXT, follow=True).content.decode()
    assert "校历已保存" in saved
    assert [term.weeks for term in doors.terms()[-2:]] == [21, 21]
    assert doors.current_term(date(2027, 10, 1)).key == "2027-2028-1"
    assert "2027–2028 学年秋季学期" in text(signed_in("dt-hejing"), f"/schools/{MAIN}/teaching/")
    assert AuditRecord.objects.get(verb="directory.set_school_year").data["new"] is True


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"autumn_ends": "2027-08-30"}, "应晚于秋季学期第一天"),
        ({"spring_starts": "2028-01-10"}, "应晚于秋季学期最后一天"),
        ({"autumn_starts": "2027-08-20"}, "都在 2027-09-01 到 2028-08-31 之间"),
        ({"spring_ends": "某天"}, "认不出这个日期"),
    ],
)
def test_days_out_of_order_are_refused(officer: Client, changes: dict[str, str], words: str) -> None:
    answer = officer.post(TERMS + "2027/", NEXT | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not SchoolYear.objects.filter(code="2027-2028").exists()


def test_days_are_moved_and_moved_back(officer: Client) -> None:
    before = list(Term.objects.order_by("starts_on").values_list("pk", "starts_on", "ends_on"))
    days = {
        "autumn_starts": "2026-09-01", "autumn_ends": "2027-01-20",
        "spring_starts": "2027-02-22", "spring_ends": "2027-07-09",
    }  # fmt: skip
    page = officer.post(TERMS + "2026/", days, follow=True).content.decode()
    assert "2027-02-22 至 2027-07-09，20 周" in page
    undo(officer, page)
    assert list(Term.objects.order_by("starts_on").values_list("pk", "starts_on", "ends_on")) == before


def test_only_the_district_admin_and_only_the_next_year(officer: Client) -> None:
    text(officer, TERMS + "2031/", 404)
    text(officer, TERMS + "1/", 404)
    for login in ("dt-zhaoning", "dt-zhouming"):
        text(signed_in(login), TERMS, 403)
        text(signed_in(login), TERMS + "2027/", 403)
