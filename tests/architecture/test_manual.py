"""The user manual: every picture it shows exists, every picture kept is shown, every page is reached."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANUAL = ROOT / "docs" / "user"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in MANUAL.glob("*.md")}
TAKEN = re.findall(
    r'take\(\s*"([a-z-]+)"',
    (ROOT / "tests" / "journeys" / "test_manual_pictures.py").read_text(encoding="utf-8"),
)


def shown() -> set[str]:
    return {name for text in PAGES.values() for name in re.findall(r"\]\(pictures/([a-z-]+)\.png\)", text)}


def test_pictures_and_pages_agree() -> None:
    kept = {path.stem for path in (MANUAL / "pictures").glob("*.png")}
    assert shown() <= kept
    assert kept <= shown(), f"not shown: {sorted(kept - shown())}"


def test_every_picture_is_taken_by_the_story() -> None:
    composed = {
        "office-classes",
        "office-teaching",
        "office-accounts",
        "office-imports",
        "office-exams",
        "district-schools",
        "district-quality",
    }
    assert shown() <= {*TAKEN, *composed}


def test_every_page_is_reached_from_the_first() -> None:
    reached = set(re.findall(r"\]\(([a-z-]+\.md)\)", PAGES["README.md"]))
    assert reached == set(PAGES) - {"README.md"}


def test_every_picture_says_what_it_shows() -> None:
    for name, text in PAGES.items():
        for words in re.findall(r"!\[([^\]]*)\]", text):
            assert words.strip(), name
