"""One concept, one word: the glossary, the code and the screens agree."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
GLOSSARY = tomllib.loads((ROOT / "docs" / "glossary.toml").read_text(encoding="utf-8"))
TERMS = GLOSSARY["term"]


def words_of(identifier: str) -> str:
    """`HomeClass` and `home_class` are the same words: "_home_class_"."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", identifier).lower()
    return "_" + re.sub(r"_+", "_", snake).strip("_") + "_"


@cache
def code_files() -> tuple[Path, ...]:
    skipped = {"tests", "migrations"}
    return tuple(p for p in SOURCE.rglob("*.py") if not skipped & set(p.relative_to(SOURCE).parts))


@cache
def identifiers() -> dict[str, str]:
    """Each identifier of the product with a file that has it."""
    found: dict[str, str] = {}
    for path in code_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in ("id", "name", "attr", "arg"):
                value = getattr(node, name, None)
                if isinstance(value, str):
                    found.setdefault(value, str(path.relative_to(ROOT)))
    return found


def chinese_strings(path: Path) -> Iterator[tuple[int, str]]:
    """String literals with Chinese in them, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documents
            and re.search(r"[\u4e00-\u9fff]", node.value)
        ):
            yield node.lineno, node.value


@cache
def screen_texts() -> tuple[tuple[str, str], ...]:
    """(place, text) of everything that may reach a screen."""
    texts: list[tuple[str, str]] = []
    for path in SOURCE.rglob("templates/**/*.html"):
        if "tests" in path.parts:
            continue
        body = re.sub(
            r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        texts += [(f"{path.relative_to(ROOT)}:{n}", line) for n, line in enumerate(body.splitlines(), 1)]
    for path in SOURCE.rglob("static/**/*.js"):
        texts.append(
            (
                str(path.relative_to(ROOT)),
                re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL),
            )
        )
    for path in code_files():
        texts += [(f"{path.relative_to(ROOT)}:{line}", text) for line, text in chinese_strings(path)]
    return tuple(texts)


def test_the_check_reads_what_it_should() -> None:
    assert words_of("HomeClass") == words_of("home_class") == words_of("HOME_CLASS") == "_home_class_"
    assert "_test_paper_" not in words_of("latest_paper")
    assert len(identifiers()) > 1000
    assert any("没有找到" in text for _, text in screen_texts())
    assert not any("Owns" in text for where, text in screen_texts() if where.endswith(".py:1"))


@pytest.mark.parametrize("key", TERMS)
def test_each_term_is_complete_and_exists(key: str) -> None:
    term = TERMS[key]
    assert set(term) == {"zh", "code", "room", "meaning", "source", "banned"}
    assert any(words_of(term["code"]) == words_of(name) for name in identifiers()), (
        f"no {term['code']} in the code"
    )


def test_no_two_terms_share_a_word() -> None:
    for field in ("zh", "code"):
        values = [term[field] for term in TERMS.values()]
        assert len(values) == len(set(values)), field


def test_banned_synonyms_are_not_in_the_code() -> None:
    banned = {words_of(word): (word, term["code"]) for term in TERMS.values() for word in term["banned"]}
    faults = [
        f"{where}: {name} — write {instead} for {word}"
        for name, where in identifiers().items()
        for words, (word, instead) in banned.items()
        if words in words_of(name)
    ]
    assert not faults, "\n".join(faults)


def test_no_term_bans_its_own_or_anothers_word() -> None:
    codes = {words_of(term["code"]) for term in TERMS.values()}
    for term in TERMS.values():
        assert not codes & {words_of(word) for word in term["banned"]}


def test_banned_words_reach_no_screen() -> None:
    faults = [
        f"{where}: “{word}” — {group['why']}"
        for group in GLOSSARY["screen_banned"]
        for word in group["words"]
        for where, text in screen_texts()
        if word in text
    ]
    assert not faults, "\n".join(faults)


def test_templates_use_full_width_punctuation_beside_chinese() -> None:
    half = re.compile(r"[\u4e00-\u9fff][,:;?!](?![\w/])|[\u4e00-\u9fff]\([^)]*[\u4e00-\u9fff]")
    faults = []
    for where, text in screen_texts():
        if ".html" not in where:
            continue
        visible = re.sub(r"<[^>]*>|\{%.*?%\}|\{\{.*?\}\}", "", text)
        if half.search(visible):
            faults.append(f"{where}: {visible.strip()[:60]}")
    assert not faults, "\n".join(faults)
