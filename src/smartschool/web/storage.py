"""Owns how static files leave the house: minified, names hashed, gzip beside, cached for a year."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COMMENT_LINES = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*$", re.DOTALL | re.MULTILINE)
_INDENT = re.compile(r"\n\s*")
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r"\s*([{};,>])\s*")


def minify_css(text: str) -> str:
    """Drop comments and needless space. Enough for our flat style sheet; no string in it holds a brace."""
    text = _SPACE.sub(" ", _COMMENT.sub("", text))
    return _AROUND.sub(r"\1", text).replace(";}", "}").strip()


def minify_js(text: str) -> str:
    """Drop comments on lines of their own, and indentation. No string of ours runs over two lines."""
    return _INDENT.sub("\n", _COMMENT_LINES.sub("", text)).strip()


_MINIFY = {".css": minify_css, ".js": minify_js}


class KitStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Runs on `collectstatic`."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Minify our own style sheets and scripts before their hash is taken."""
        if not dry_run:
            for name in list(paths):
                minify = _MINIFY.get(Path(name).suffix)
                if minify and not name.startswith(("admin/", "django_htmx/")):
                    path = Path(self.path(name))
                    path.write_text(minify(path.read_text(encoding="utf-8")), encoding="utf-8")
                    paths[name] = (self, name)  # hash and serve the copy, not its source
        yield from super().post_process(paths, dry_run=dry_run, **options)
