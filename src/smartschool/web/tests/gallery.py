"""The gallery of every component and state, served in tests only; figures and people are invented."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from smartschool.kernel.policy import public


@dataclass(frozen=True)
class Estimate:
    """Shape of the numeric core's estimate."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Insufficient:
    """Shape of the numeric core's refusal."""

    reason: str
    n: int


@dataclass(frozen=True)
class Link:
    """Shape of a navigation entry."""

    label: str
    icon: str
    href: str
    current: bool = False
    count: int = 0
    hot: bool = False


class ExamForm(forms.Form):
    """One field of each shape."""

    error_title = "没有保存，先改这 5 处"
    name = forms.CharField(
        label="考试名称",
        help_text="写学期和科目，例如 2020 秋 七年级 数学 期末",
        error_messages={"required": "还没写考试名称"},
    )
    full = forms.DecimalField(
        label="满分", max_value=150, error_messages={"max_value": "满分最多 150", "required": "还没写满分"}
    )
    subject = forms.ChoiceField(
        label="科目",
        choices=[("math", "数学"), ("chinese", "语文")],
        widget=forms.RadioSelect,
        error_messages={"required": "还没选科目"},
    )
    grade = forms.ChoiceField(label="年级", choices=[("7", "七年级"), ("8", "八年级")])
    remark = forms.CharField(label="说明", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    secret = forms.CharField(
        label="确认密码", widget=forms.PasswordInput, error_messages={"required": "还没填确认密码"}
    )
    agree = forms.BooleanField(
        label="各班用同一份试卷", error_messages={"required": "先确认各班用同一份试卷"}
    )


def sample(theme: str = "", bound: bool = True) -> dict[str, Any]:
    """Everything the gallery shows."""
    form = ExamForm({"name": "", "full": "200", "grade": "7"} if bound else None)
    return {
        "theme": theme,
        "nav": [
            {
                "title": "",
                "items": [
                    Link("今日", "calendar-event", "/", current=True),
                    Link("作业与练习", "pencil", "/", count=5),
                ],
            },
            {
                "title": "教学",
                "items": [
                    Link("考试与学情", "chart-histogram", "/"),
                    Link("校园安全", "shield-check", "/", count=1, hot=True),
                ],
            },
        ],
        "tabs": [
            Link("今日", "calendar-event", "/", current=True),
            Link("学情", "chart-histogram", "/"),
            Link("更多", "menu-2", "/"),
        ],
        "school": {"name": "九龙岗镇东山初中"},
        "person": {"name": "许老师", "initial": "许", "role": "数学教师"},
        "places": [
            {"role": "数学教师", "school": "九龙岗镇东山初中", "current": True, "key": "a"},
            {"role": "班主任", "school": "九龙岗镇东山初中", "current": False, "key": "b"},
        ],
        "switch_url": "/gallery/",
        "sign_out_url": "/gallery/",
        "form": form,
        "page": Paginator(range(120), 50).page(2),
        "facility": Estimate(0.48, 0.33, 0.63, 42),
        "alpha": Estimate(0.86, 0.79, 0.91, 42),
        "few": Insufficient("too_few_pupils", 3),
        "bins": [
            ("40 以下", 1),
            ("40–49", 2),
            ("50–59", 4),
            ("60–69", 6),
            ("70–79", 9),
            ("80–89", 12),
            ("90–100", 8),
        ],
        "grade_line": [1.2, 2.4, 4.1, 6.8, 9.6, 11.3, 6.6],
        "options": [
            ("A", 17, False),
            ("B", 20, True),
            ("C", 4, False),
            ("D", 0, False),
            ("没有作答", 1, False),
        ],
        "points": [
            ("2019 秋期末", 61.0),
            ("2020 春期末", 66.5),
            ("2020 秋期中", None),
            ("2020 秋期末", 72.0),
            ("2021 春期末", 78.0),
        ],
        "few_points": [("2020 春期末", 66.5), ("2020 秋期末", 72.0)],
        "pieces": [("已掌握", 3, "k3"), ("基本掌握", 1, "k2"), ("需巩固", 4, "k1")],
        "heat": [
            ("有理数的混合运算", Estimate(0.92, 0.85, 0.96, 42)),
            ("整式的加减", Estimate(0.74, 0.6, 0.85, 42)),
            ("一元一次方程应用", Estimate(0.46, 0.3, 0.6, 42)),
            ("数轴上的动点", Insufficient("too_few_items", 1)),
        ],
    }


@transaction.non_atomic_requests
@public("test gallery")
def gallery(request: HttpRequest) -> HttpResponse:
    """All components."""
    context = sample(request.GET.get("theme", ""))
    context |= {"idle_seconds": request.GET.get("idle"), "size": request.GET.get("size")}
    return render(request, "gallery/gallery.html", context)


@transaction.non_atomic_requests
@public("test gallery")
def kiosk(request: HttpRequest) -> HttpResponse:
    """The kiosk frame."""
    return render(request, "gallery/kiosk.html", {"school": {"name": "九龙岗镇东山初中"}})


@transaction.non_atomic_requests
@public("test gallery")
def sheet(request: HttpRequest) -> HttpResponse:
    """The print frame."""
    return render(request, "gallery/sheet.html", sample())


@transaction.non_atomic_requests
@public("test gallery")
def fragment(request: HttpRequest) -> HttpResponse:
    """A part for htmx, with an icon that the page does not have."""
    if request.GET.get("fail"):
        return HttpResponse("no", status=500)
    return render(request, "gallery/fragment.html")


urlpatterns = [
    path("gallery/", gallery),
    path("gallery/kiosk/", kiosk),
    path("gallery/sheet/", sheet),
    path("gallery/fragment/", fragment),
    path("", include("smartschool.web.urls")),
]
handler400 = "smartschool.web.errors.bad_request"
handler403 = "smartschool.web.errors.not_allowed"
handler404 = "smartschool.web.errors.not_found"
handler500 = "smartschool.web.errors.server_error"
