"""The pages under docs as HTML, from the files that the image carries: what to do must be readable offline, too."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

ROOT: Final = Path(__file__).parents[2] / "docs"
DRAWING: Final = ".svg"
_COMMENT: Final = re.compile(r"^<!--.*?-->\n", re.MULTILINE)


@cache
def pages() -> Mapping[str, Path]:
    """Every page and drawing by its path under docs. Only what is listed here is ever opened."""
    files = sorted([*ROOT.rglob("*.md"), *ROOT.rglob(f"*{DRAWING}")])
    return {file.relative_to(ROOT).as_posix(): file for file in files}


def html(name: str) -> tuple[str, Markup]:
    """Title and text of a page. Raises: KeyError, there is none of that name."""
    source = _COMMENT.sub("", pages()[name].read_text())
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(source)
    title = name
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "heading_open":
            before.attrSet("id", slug(_text(token)))
            if before.tag == "h1":
                title = _text(token)
        _mend(token.children or [], PurePosixPath(name).parent)
    # Safe, since raw HTML is off.
    return title, Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704 # nosec B704


def slug(heading: str) -> str:
    """The id that a heading has where these pages are usually read."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _text(token: Token) -> str:
    return "".join(child.content for child in token.children or [] if child.type in ("text", "code_inline"))


def _mend(children: Iterable[Token], folder: PurePosixPath) -> None:
    """Links and pictures that lead to nothing we have become plain text."""
    dead = False
    for token in children:
        if token.type == "link_open":
            dead = not _is_there(str(token.attrGet("href")), folder)
        if token.type in ("link_open", "link_close") and dead:
            token.tag, token.attrs = "span", {}
        if token.type == "image" and not _is_there(str(token.attrGet("src")), folder):
            token.type, token.tag = "text", ""


def _is_there(link: str, folder: PurePosixPath) -> bool:
    if re.match(r"https?:|#", link):
        return True
    parts: list[str] = []
    for part in (folder / link.partition("#")[0]).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return False
    return "/".join(parts) in pages()
