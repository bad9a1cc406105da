"""Pages of identity: sign in and out, change of password, choice of place, and the way home."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.identity.commands import accounts, signing
from smartschool.contexts.identity.errors import unknown_login
from smartschool.contexts.identity.forms import LoginForm, PasswordForm, SignInForm
from smartschool.contexts.identity.models import Account, normal_login
from smartschool.contexts.identity.public.doors import PLACE_KEY, current_place, places_of
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import public, requires


@public("以未登录的人为对象：登录页")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; a refused try is a page of status 422 with the tries that are left."""
    following = _safe(request, request.POST.get("next") or request.GET.get("next") or "/")
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            outcome = signing.sign_in(request, **form.cleaned_data)
            if isinstance(outcome, Account):
                return HttpResponseRedirect(following)
            form.add_error("password", _refusal(outcome))
    bureau = directory.organisations(["bureau"])
    context = {
        "form": form,
        "next": following,
        "bureau": bureau[0].name if bureau else "",
        "schools": len(directory.organisations(["school", "teaching_point"])),
    }
    return render(request, "identity/login.html", context, status=status)


def _safe(request: HttpRequest, address: str) -> str:
    inside = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if inside else "/"


def _refusal(outcome: signing.Refused) -> str:
    if outcome.locked_until is None:
        return f"账号或密码不对。还可以再试 {outcome.left} 次。"
    minutes = max(1, round((outcome.locked_until - clock.now()).total_seconds() / 60))
    return f"输错太多次，这个账号先锁住。{minutes} 分钟后再试，急用找本校管理员。"


@public("会话过期的人也要能退出")
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Leave; the session's key is worthless afterwards."""
    signing.sign_out(request)
    return HttpResponseRedirect(reverse("identity:sign_in"))


@requires("identity.use_account")
def home(request: HttpRequest) -> HttpResponse:
    """To 今日 of the place that was chosen last, else of the first role."""
    place = current_place(request)
    if place is None:
        raise NotYours
    return HttpResponseRedirect(place.home)


@requires("identity.use_account")
@require_POST
def switch_place(request: HttpRequest) -> HttpResponse:
    """Only picks which home opens; what may be seen there is decided by the affiliation each time."""
    wanted = request.POST.get("place", "")
    place = next((p for p in places_of(request.actor) if p.key == wanted), None)  # type: ignore[attr-defined]
    if place is None:
        raise NotYours
    request.session[PLACE_KEY] = place.key
    return HttpResponseRedirect(place.home)


@requires("identity.help_school")
@require_http_methods(["GET", "POST"])
def school_accounts(request: HttpRequest, school_code: str) -> HttpResponse:
    """Find somebody of the school by name; a POST resets the password and shows the new one once."""
    actor = request.actor  # type: ignore[attr-defined]
    words = request.POST.get("q") or request.GET.get("q") or ""
    hits = directory.people_named(actor.workspace.id, words)
    accounts_of = {
        account.person_id: account
        for account in Account.objects.filter(person_id__in=[hit.person_id for hit in hits], is_active=True)
    }
    once, helped = "", None
    if request.method == "POST":
        wanted = request.POST.get("login", "")
        # Only who was found here can be helped here: the search is the proof.
        helped = next((a for a in accounts_of.values() if a.login == wanted), None)
        if helped is None:
            raise NotYours
        once = accounts.reset_password(actor=actor, account=helped)
    rows = [(hit, accounts_of.get(hit.person_id)) for hit in hits]
    context = {"school_code": school_code, "q": words, "rows": rows, "once": once, "helped": helped}
    return render(request, "identity/accounts.html", context)


@requires("identity.help_district")
@require_http_methods(["GET", "POST"])
def district_accounts(request: HttpRequest) -> HttpResponse:
    """By the account's name only: the district reads no school's list of people."""
    actor = request.actor  # type: ignore[attr-defined]
    form = LoginForm(request.POST or None)
    once, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            account = Account.objects.filter(
                login=normal_login(form.cleaned_data["login"]), is_active=True
            ).first()
            try:
                if account is None:
                    raise unknown_login()
                once, status = accounts.reset_password(actor=actor, account=account), 200
            except DomainError as refused:
                form.add_error("login", refused.message)
    return render(request, "identity/district_accounts.html", {"form": form, "once": once}, status=status)


@requires("identity.use_account")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the own password; all other sessions of the account end."""
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            actor = request.actor  # type: ignore[attr-defined]
            account = Account.objects.get(pk=actor.account_id)
            try:
                accounts.change_password(
                    actor=actor, account=account, old=form.cleaned_data["old"], new=form.cleaned_data["new"]
                )
            except DomainError as error:
                field = "old" if error.code == "identity.wrong_password" else "new"
                for sentence in error.data.get("faults", [error.message]):
                    form.add_error(field, sentence)
            else:
                signing.renew_session(request, account, actor)
                messages.success(request, "密码已改。其他设备上的登录都已退出。")
                return HttpResponseRedirect(reverse("identity:home"))
    due = bool(request.session.get(signing.MUST_CHANGE_KEY))
    return render(request, "identity/password.html", {"form": form, "due": due}, status=status)


change_password.open_while_password_due = True  # type: ignore[attr-defined]
