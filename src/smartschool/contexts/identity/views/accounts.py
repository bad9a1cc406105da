"""Pages of whoever keeps accounts: the people of a place by group, slips after opening, one account."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.directory.public.contracts import OrganisationInfo
from smartschool.contexts.identity import holders
from smartschool.contexts.identity.commands import accounts
from smartschool.contexts.identity.errors import unknown_login
from smartschool.contexts.identity.forms import LoginForm
from smartschool.contexts.identity.holders import Holder
from smartschool.contexts.identity.models import Account, normal_login
from smartschool.contexts.identity.rules import rules
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import NotYours
from smartschool.kernel.policy import actor_of, place_of, requires
from smartschool.kernel.scope import scope_of

KINDS = {"students": "学生", "guardians": "家长"}


def _new_slips(request: HttpRequest, people: Sequence[Holder], back: str, group: str = "") -> HttpResponse:
    """Slips for the chosen among the people of the page, shown this once: with new accounts, or in place of
    slips that lapsed. On paper the name of the `group` stands with each, which the page says once for all."""
    if request.POST.get("do") == "renew":
        wanted = set(request.POST.getlist("login"))
        chosen = [one for one in people if one.state == "lapsed" and one.login in wanted]
        nobody, verb = "没有换发：先勾选账号条过期的人。", accounts.renew_slips
    else:
        wanted = set(request.POST.getlist("person"))
        chosen = [one for one in people if one.code and one.code in wanted]
        nobody, verb = "没有开通：先勾选还没有账号的人。", accounts.open_for_people
    if not chosen:
        messages.warning(request, nobody)
        return HttpResponseRedirect(request.get_full_path())
    for one in chosen:
        one.what = f"{group} {one.what}".strip()
    return _slips(request, verb(actor=actor_of(request), people=chosen), back)


def _slips(request: HttpRequest, slips: Sequence[accounts.Slip], back: str) -> HttpResponse:
    context = {
        "slips": [slip for slip in slips if slip.once],
        "elsewhere": [slip for slip in slips if not slip.once],
        "back_url": back,
        "address": request.build_absolute_uri(reverse("identity:sign_in")),
        "rules": rules(),
        "lapses_at": clock.now() + rules().once_valid,
    }
    return render(request, "identity/slips.html", context)


# --- a school ---------------------------------------------------------------------------------------


@requires("identity.manage_school_accounts")
@require_http_methods(["GET", "POST"])
def school(request: HttpRequest, school_code: str) -> HttpResponse:
    """The school at one look, or whom a name finds; a POST makes slips for the chosen of those."""
    words = request.GET.get("q", "")
    context: dict[str, object] = {"school_code": school_code, "q": words}
    if words:
        people = holders.with_accounts(holders.named(place_of(request), words))
        if request.method == "POST":
            return _new_slips(request, people, reverse("identity:school_accounts", args=[school_code]))
        context |= _listed(people)
    else:
        context["page"] = holders.overview(place_of(request))
    return render(request, "identity/accounts.html", context)


@requires("identity.manage_school_accounts")
@require_http_methods(["GET", "POST"])
def staff(request: HttpRequest, school_code: str) -> HttpResponse:
    """Everybody of the staff."""
    return _group(request, school_code, "教职工", "教职工", holders.staff_of(place_of(request)))


@requires("identity.manage_school_accounts")
@require_http_methods(["GET", "POST"])
def of_class(request: HttpRequest, school_code: str, class_code: str, kind: str) -> HttpResponse:
    """The pupils of a class, or their adults."""
    one = directory.class_by_code(class_code)
    if one is None or one.organisation_id != place_of(request) or kind not in KINDS:
        raise NotYours
    children = holders.children_of([one])[one.id]
    return _group(request, school_code, one.name, f"{one.name}{KINDS[kind]}", _of_kind(kind, children))


@requires("identity.manage_school_accounts")
@require_http_methods(["GET", "POST"])
def unseated(request: HttpRequest, school_code: str, kind: str) -> HttpResponse:
    """The pupils who sit in no class yet, or their adults."""
    if kind not in KINDS:
        raise NotYours
    people = _of_kind(kind, holders.unseated_children(place_of(request)))
    return _group(request, school_code, "", f"{holders.UNSEATED}的{KINDS[kind]}", people)


def _of_kind(kind: str, children: Sequence[holders.Child]) -> list[Holder]:
    return holders.students(children) if kind == "students" else holders.guardians([children])[0]


def _group(
    request: HttpRequest, school_code: str, group: str, title: str, people: list[Holder]
) -> HttpResponse:
    holders.with_accounts(people)
    if request.method == "POST":
        return _new_slips(request, people, request.path, group)
    context = {"school_code": school_code, "title": title, **_listed(people)}
    return render(request, "identity/group.html", context)


def _listed(people: Sequence[Holder]) -> dict[str, object]:
    """What a list of people needs: it offers to open where somebody lacks an account, and to renew slips."""
    states = [one.state for one in people]
    return {"people": people, "lacking": states.count("none"), "lapsed": states.count("lapsed")}


@requires("identity.manage_school_accounts")
@require_http_methods(["GET", "POST"])
def school_account(request: HttpRequest, school_code: str, login: str) -> HttpResponse:
    """One account of somebody of this school."""
    account = Account.objects.select_related("person").filter(login=normal_login(login)).first()
    who = None
    if account is not None:
        who = holders.found_here(place_of(request), account.person.merged_into_id or account.person_id)
    if account is None or who is None:
        raise NotYours
    return _one(request, account, who, reverse("identity:school_accounts", args=[school_code]))


# --- the district -----------------------------------------------------------------------------------


@requires("identity.manage_district_accounts")
@require_http_methods(["GET", "POST"])
def district(request: HttpRequest) -> HttpResponse:
    """People of the bureau; anybody else by the account's name: the district reads no school's list."""
    people = holders.with_accounts(holders.staff_of(place_of(request)))
    if request.method == "POST":
        return _new_slips(request, people, request.path)
    form = LoginForm(request.GET if "login" in request.GET else None)
    status = 200
    if form.is_bound and form.is_valid():
        login = normal_login(form.cleaned_data["login"])
        if Account.objects.filter(login=login).exists():
            return HttpResponseRedirect(reverse("identity:district_account", args=[login]))
        form.add_error("login", unknown_login().message)
    if form.errors:
        status = 422
    context = {"form": form, **_listed(people)}
    return render(request, "identity/district_accounts.html", context, status=status)


@requires("identity.manage_district_accounts")
@require_http_methods(["GET", "POST"])
def office(request: HttpRequest, unit_code: str) -> HttpResponse:
    """The 校长 and 教务管理员 of a school: who opens the accounts of everybody else there."""
    unit = _below(actor_of(request), unit_code)
    with scope_of([unit.id], write=False):
        people = holders.office_holders(unit.id)
    holders.with_accounts(people)
    if request.method == "POST":
        return _new_slips(request, people, request.path)
    context = {"unit": unit, **_listed(people)}
    return render(request, "identity/office.html", context)


def _below(actor: Actor, code: str) -> OrganisationInfo:
    """An open unit below the bureau of the actor."""
    held = actor.with_roles(frozenset({"district_admin"}))
    if not any(one.code == code for a in held for one in a.descendants):
        raise NotYours
    unit = directory.organisation(code)
    if unit is None:
        raise NotYours
    return unit


@requires("identity.manage_district_accounts")
@require_http_methods(["GET", "POST"])
def district_account(request: HttpRequest, login: str) -> HttpResponse:
    """One account by its name; the posts of its owner say whether it is the right one."""
    account = Account.objects.filter(login=normal_login(login)).first()
    if account is None:
        raise NotYours
    return _one(request, account, holders.owner_of(account), reverse("identity:district_accounts"))


# --- one account ------------------------------------------------------------------------------------


def _one(request: HttpRequest, account: Account, who: Holder, back: str) -> HttpResponse:
    """Facts of the account and what can be done; a new password is shown as a slip, this once."""
    actor, do = actor_of(request), request.POST.get("do", "")
    if request.method == "POST":
        if do == "reset":
            once = accounts.reset_password(actor=actor, account=account)
            return _slips(request, [accounts.Slip(who, account.login, once)], request.path)
        if do not in _VERBS:
            raise NotYours
        verb, words = _VERBS[do]
        verb(actor=actor, account=account)
        messages.success(request, words)
        return HttpResponseRedirect(request.path)
    state = holders.state_of(account)
    context = {
        "account": account,
        "who": who,
        "state": state,
        "shown": holders.STATES[state],
        "keeper": accounts.keeper_of(actor, account).value,
        "back_url": back,
        "lapses_at": account.password_changed_at + rules().once_valid,
    }
    return render(request, "identity/account.html", context)


_VERBS = {
    "unlock": (accounts.unlock_account, "已解锁，用原来的密码就能登录。"),
    "close": (accounts.close_account, "已停用，正在用的页面也退出了。要恢复，点“启用”。"),
    "reopen": (accounts.reopen_account, "已启用，密码还是原来的。"),
}
