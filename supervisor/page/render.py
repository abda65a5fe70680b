"""The page as HTML: templates that escape all they are given, in one document that needs nothing from elsewhere.

Style and script are part of it, and the only ones that a browser takes from it: the policy names their hashes.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from supervisor.page.acts import PAUSES
from supervisor.page.view import View

SECTIONS: Final = ("at", "verdict", "all", "trouble", "timeline", "facts", "preflight", "recent")
"""What is renewed while somebody looks, by the ids of their elements."""
_HERE: Final = Path(__file__).with_name("templates")


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["code"] = _code
    # Marked as safe is what is ours, or was escaped before.
    made.globals |= {"css": Markup(_file("page.css")), "pauses": tuple(PAUSES)}  # noqa: S704 # nosec B704
    return made


@cache
def _file(name: str) -> str:
    return (_HERE / name).read_text()


def _code(text: str) -> Markup:
    """What stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 # nosec B704


def sections(view: View) -> dict[str, str]:
    """Each by its id."""
    return {name: _templates().get_template(f"sections/{name}.html").render(view=view) for name in SECTIONS}


def page(view: View) -> str:
    """The whole page."""
    script = Markup(_file("page.js"))  # noqa: S704 # nosec B704
    return _templates().get_template("page.html").render(view=view, script=script)


def other(name: str, **values: Any) -> str:
    """A page without a script."""
    return _templates().get_template(f"{name}.html").render(values)


@cache
def headers(*, script: bool = False) -> Mapping[str, str]:
    """What tells a browser to take nothing else for a part of the page, and to show it in no other one's frame."""
    rules = {
        "default-src": "'none'",
        "style-src": _hash("page.css"),
        "script-src": _hash("page.js") if script else "'none'",
        "connect-src": "'self'" if script else "'none'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _hash(name: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode()}'"
