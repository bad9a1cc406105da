"""Pages of one's own account: sign in and out, change of password, choice of place, and the way home."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from smartschool.contexts.directory.public import doors as directory
from smartschool.contexts.identity.commands import accounts, signing
from smartschool.contexts.identity.forms import PasswordForm, SignInForm
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.passwords import only_pupil
from smartschool.contexts.identity.public.doors import PLACE_KEY, current_place, places_of
from smartschool.contexts.identity.rules import rules
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, public, requires


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
    if outcome.lapsed:
        return f"账号条上的密码只用 {rules().once_valid.days} 天，过期了。找发账号条的人重置，再打一条。"
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
    place = next((p for p in places_of(actor_of(request)) if p.key == wanted), None)
    if place is None:
        raise NotYours
    request.session[PLACE_KEY] = place.key
    return HttpResponseRedirect(place.home)


@requires("identity.use_account")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the own password; all other sessions of the account end."""
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            actor = actor_of(request)
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
    context = {
        "form": form,
        "due": due,
        "only_pupil": only_pupil(actor_of(request).roles()),
        "limits": rules(),
    }
    return render(request, "identity/password.html", context, status=status)


change_password.open_while_password_due = True  # type: ignore[attr-defined]
