"""Tags, icons, forms and headers of the kit, without a browser."""

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.management import call_command
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings

from smartschool.kernel.errors import Changed, DomainError, NotAllowed, NotYours, SignInRequired
from smartschool.web import errors, icons, middleware
from smartschool.web.storage import minify_css, minify_js
from smartschool.web.tests.gallery import Estimate, ExamForm, Insufficient

WEB = Path(__file__).resolve().parent.parent
TEMPLATES = [
    {
        **settings.TEMPLATES[0],
        "DIRS": [WEB / "tests" / "templates"],
    }
]
in_gallery = override_settings(ROOT_URLCONF="smartschool.web.tests.gallery", TEMPLATES=TEMPLATES)


def show(source: str, **context: object) -> str:
    return Template("{% load web %}" + source).render(Context(context))


def test_an_estimate_is_shown_with_its_interval() -> None:
    html = show("{% est x %}", x=Estimate(0.48, 0.33, 0.63, 42))
    assert re.sub(r"<[^>]+>", "", html) == "48%，可能在 33–63%"


def test_an_insufficient_result_says_so_and_why() -> None:
    html = show("{% est x why=True %}", x=Insufficient("too_few_pupils", 3))
    assert "证据不足" in html
    assert "人数太少" in html
    assert not re.search(r"\d%", html)


def test_heat_cell_hatches_what_is_missing() -> None:
    assert show("{% heat_cell x %}", x=Estimate(0.46, 0.3, 0.6, 42)) == '<td class="h x2">46%</td>'
    assert 'class="na' in show("{% heat_cell x %}", x=Insufficient("too_few_items", 1))


def test_mastery_without_evidence_is_not_drawn_as_unlearned() -> None:
    assert "m0" in show("{% mastery 0 %}")
    assert "mg" not in show("{% mastery x %}", x=Insufficient("too_few_items", 1))


def test_tag_escapes_and_always_has_a_word() -> None:
    assert "&lt;b&gt;" in show('{% tag "warn" x %}', x="<b>")


def test_block_tags_escape_variables_inside() -> None:
    assert "&lt;i&gt;" in show("{% note %}{{ x }}{% endnote %}", x="<i>")
    assert "&lt;i&gt;" in show("{% empty x x %}{% endempty %}", x="<i>")


def test_pager_keeps_the_filter() -> None:
    request = RequestFactory().get("/", {"q": "方程", "page": "2"})
    html = show("{% pager page %}", page=Paginator(range(120), 50).page(2), request=request)
    assert 'href="?q=%E6%96%B9%E7%A8%8B&amp;page=3"' in html
    assert show("{% pager page %}", page=Paginator(range(20), 50).page(1), request=request) == ""


def test_unknown_icon_fails_where_it_is_written() -> None:
    with pytest.raises(icons.UnknownIcon):
        show('{% icon "no-such-icon" %}')


def answer(body: str, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/", headers=headers)
    response = middleware.IconSprite(lambda _: HttpResponse(body))(request)
    assert isinstance(response, HttpResponse)
    return response


def test_sprite_holds_exactly_the_icons_used() -> None:
    page = answer(
        f"<p>{icons.icon('eye')}{icons.icon('check')}{icons.icon('eye')}</p>{middleware.SPRITE_MARK.decode()}"
    )
    assert re.findall(r'<symbol id="i-([a-z-]+)"', page.content.decode()) == ["check", "eye"]


def test_fragment_brings_its_icons_along_only_for_htmx() -> None:
    body = f"<p>{icons.icon('rocket')}</p>"
    assert 'hx-swap-oob="beforeend:#sprite"' in answer(body, HX_Request="true").content.decode()
    assert answer(body).content.decode() == body


def test_headers_of_every_page() -> None:
    response = middleware.SecurityHeaders(lambda _: HttpResponse("x"))(HttpRequest())
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert response["Cache-Control"] == "no-store"


def test_form_shows_summary_hint_error_and_classes() -> None:
    html = str(ExamForm({"name": "", "full": "200", "grade": "7"}))
    assert html.count('<div class="err-sum" role="alert"') == 1
    assert '<a href="#id_name">还没写考试名称</a>' in html
    assert re.search(r'<input[^>]*class="input"[^>]*id="id_name"', html)
    assert re.search(r'<select[^>]*class="select"', html)
    assert re.search(r'<textarea[^>]*class="area"', html)
    described = re.search(r'<input[^>]*name="name"[^>]*aria-describedby="([^"]+)"', html)
    assert described
    for target in described.group(1).split():
        assert f'id="{target}"' in html
    assert "err-sum" not in str(ExamForm())


def test_chosen_radio_is_marked_by_the_server() -> None:
    html = str(ExamForm({"subject": "math"}))
    assert html.count('class="choice on"') == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotYours(), 404),
        (NotAllowed(), 403),
        (Changed(), 409),
        (DomainError("x.y", "文件太大。", status=413), 413),
    ],
)
def test_domain_errors_are_one_page_and_one_problem(error: DomainError, status: int) -> None:
    page = errors.render_error(RequestFactory().get("/schools/a/"), error)
    assert page.status_code == status
    # The heading of 404 has said already that there is no such page.
    said = errors.NOT_FOUND if isinstance(error, NotYours) else error.message
    assert f'<p class="mt-s">{said}</p>' in page.content.decode()
    problem = errors.render_error(RequestFactory().get("/api/x"), error)
    assert problem["Content-Type"].startswith("application/problem+json")
    assert json.loads(problem.content) == error.problem()


def test_signing_in_comes_first() -> None:
    response = errors.render_error(RequestFactory().get("/schools/a/?x=1"), SignInRequired())
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/schools/a/%3Fx%3D1"
    assert (
        errors.render_error(
            RequestFactory().get("/", headers={"HX-Request": "true"}), SignInRequired()
        ).status_code
        == 401
    )


def test_not_found_and_not_yours_are_the_same_bytes() -> None:
    request = RequestFactory().get("/schools/a/")

    def page(response: HttpResponse) -> bytes:
        return re.sub(rb'"X-CSRFToken": "\w+"', b"", response.content)

    assert page(errors.not_found(request)) == page(errors.render_error(request, NotYours()))


def test_too_much_at_once_is_said_plainly() -> None:
    response = errors.bad_request(RequestFactory().post("/"), RequestDataTooBig("too big"))
    assert response.status_code == 413
    assert "没有收下，内容超过 64 MB" in response.content.decode()
    assert errors.bad_request(RequestFactory().post("/")).status_code == 400


@in_gallery
def test_server_error_asks_nothing_of_the_request() -> None:
    response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "这一页没有打开" in response.content.decode()


# --- baseline: Chromium 86 and iOS 13 -------------------------------------------------------------

CSS_TOO_NEW = re.compile(
    r"@layer|@container|@scope|:has\(|:is\(|:where\(|\bcolor-mix\(|\boklch\(|\bpopover\b|\baspect-ratio\b|"
    r"(?:padding|margin)-(?:inline|block)\s*:|(?<![-\w(])inset\s*:|\bdvh\b|\bclamp\(|\bmin\(|\bmax\(|@property|&\s*[.:]"
)
JS_TOO_NEW = re.compile(
    r"\?\.[a-zA-Z_\[(]|\?\?|\.at\(|\breplaceAll\(|\bstructuredClone\(|#\w+\s*[=;(]|\bawait\b.*\bimport\(|\|\|=|&&="
)


def own_files(suffix: str) -> list[Path]:
    return [p for p in WEB.parent.rglob(f"static/**/*{suffix}") if p.is_file()]


def test_css_stays_within_the_baseline() -> None:
    for path in own_files(".css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        # a newer property may stand in the condition of @supports, and in its block
        text = re.sub(r"@supports[^{]*", "@supports ", text)
        found = CSS_TOO_NEW.findall(text)
        assert not found, f"{path.name}: {found}"


def test_css_check_sees_what_is_too_new() -> None:
    for bad in ("@layer a;", "a:has(b){}", "a{inset:0}", "a{padding-inline: 1px}", "a{width:min(1px,2px)}"):
        assert CSS_TOO_NEW.search(bad), bad
    for fine in (
        "a{clip-path: inset(50%)}",
        "a{box-shadow: inset 0 0 0 1px red}",
        "a{padding-inline-start:1px}",
        "a{width:minmax(1px,2px)}",
    ):
        assert not CSS_TOO_NEW.search(fine), fine


@pytest.mark.parametrize("path", own_files(".css"), ids=lambda path: path.name)
def test_each_flex_gap_has_its_margin_fallback(path: Path) -> None:
    """iOS 13 knows no gap in flex boxes: the selector must appear again in the @supports block at the end."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    main, _, fallback = text.partition("@supports not ((contain: paint)")
    fallback = re.sub(r"\s*>\s*", ">", fallback)
    missing = []
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", main):
        if re.search(r"display:\s*(?:inline-)?flex", body) and re.search(r"(?<!-)gap:\s*(?![\s0])", body):
            names = [re.sub(r"\s*>\s*", ">", name.strip()) for name in selectors.split(",")]
            missing += [name for name in names if name + ">" not in fallback]
    assert not missing, missing


def test_js_stays_within_the_baseline_and_small() -> None:
    for path in own_files(".js"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not JS_TOO_NEW.findall(text), path.name
    assert len(gzip.compress((WEB / "static/web/app.js").read_bytes())) <= 2048


def test_templates_carry_nothing_the_policy_refuses() -> None:
    for path in WEB.parent.rglob("templates/**/*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)", text), path


# --- bytes (design guide §15) ---------------------------------------------------------------------


def test_minified_css_keeps_its_rules() -> None:
    assert (
        minify_css("/* a */ a > b ,\n c { margin: 0 1px ; color : red; }\n")
        == "a>b,c{margin: 0 1px;color : red}"
    )


def test_minified_scripts_keep_their_lines() -> None:
    source = '/* a\n   b */\nvar a = "/* c */"; /* d */\n  /* e */\n    a += 1;\n/* f */ a(); /* g */\n'
    assert minify_js(source) == 'var a = "/* c */"; /* d */\na += 1;\n/* f */ a(); /* g */'


def test_gallery_page_is_within_the_budget(tmp_path: Path) -> None:
    """Ordinary page: HTML 12, CSS 8, JS 18, all 40 KB, at most 6 requests; from our own host alone."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "smartschool.web.storage.KitStaticFilesStorage"},
    }
    with in_gallery, override_settings(STORAGES=storages, STATIC_ROOT=str(tmp_path)):
        call_command("collectstatic", interactive=False, verbosity=0)
        html = Client().get("/gallery/").content
        named = re.findall(rb'(?:href|src)="(/static/[^"]+)"', html)
        assert len(named) + 1 <= 6
        assert all(re.search(rb"\.[0-9a-f]{12}\.", name) for name in named)
        size = {"html": len(gzip.compress(html))}
        for name in named:
            path = tmp_path / name.decode().removeprefix("/static/")
            kind = path.suffix.removeprefix(".")
            packed = path.with_name(path.name + ".gz")
            size[kind] = size.get(kind, 0) + (packed if packed.exists() else path).stat().st_size
    assert not re.findall(rb'(?:href|src)="(?:https?:)?//', html)
    assert size["html"] <= 12_000, size
    assert size["css"] <= 8_000, size
    assert size["js"] <= 18_000, size
    assert sum(size.values()) <= 40_000, size
