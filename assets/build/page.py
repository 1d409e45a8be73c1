"""The files that are text of our own: the page, the web app manifest."""

import json
import re
from typing import Any

from assets.build.errors import BuildError
from assets.build.plan import Plan

NAME = "Trygg ute"
# From the look: the surface of the light and the dark theme.
LIGHT, DARK = "#F5F6F8", "#0F1317"


def manifest(plan: Plan) -> bytes:
    """Return the web app manifest."""
    base = plan.origin_path

    def icon(name: str, sizes: str, **more: str) -> dict[str, str]:
        kind = "image/svg+xml" if name.endswith(".svg") else "image/png"
        return {"src": f"{base}icons/{name}", "sizes": sizes, "type": kind, **more}

    def shortcut(name: str, path: str, words: str) -> dict[str, Any]:
        return {
            "name": name,
            "description": words,
            "url": f"{base}{path}",
            "icons": [icon("icon-192.png", "192x192")],
        }

    content = {
        "id": "/",
        "name": NAME,
        "short_name": NAME,
        "description": "Trygghet på hjemmebesøk og i felt: besøk, alarm og hendelser.",
        "lang": "nb",
        "dir": "ltr",
        "start_url": base,
        "scope": base,
        "display": "standalone",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "categories": ["business", "productivity"],
        "prefer_related_applications": False,
        "icons": [
            icon("icon-192.png", "192x192"),
            icon("icon-512.png", "512x512"),
            icon("icon-maskable-192.png", "192x192", purpose="maskable"),
            icon("icon-maskable-512.png", "512x512", purpose="maskable"),
            icon("icon-monochrome.svg", "any", purpose="monochrome"),
        ],
        "shortcuts": [
            shortcut("Alarm", "alarm", "Hold for å sende alarm"),
            shortcut("Ny hendelse", "ny-hendelse", "Meld fra om en hendelse"),
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def index(plan: Plan, version: str) -> bytes:
    """Return index.html from its template.

    Raises:
        BuildError: the template holds a mark the build does not know, or an inline script.
    """
    text = (plan.shell / "index.html").read_text(encoding="utf-8")
    wordmark = (plan.root / "assets" / "icons" / "wordmark.svg").read_text(encoding="utf-8").strip()
    marks = {"base": plan.origin_path, "version": version, "wordmark": wordmark}

    def put(found: re.Match[str]) -> str:
        if found[1] not in marks:
            raise BuildError(f"index.html: unknown mark {found[0]}")
        return marks[found[1]]

    text = re.sub(r"\{\{(\w+)\}\}", put, text)
    check_no_inline_script("index.html", text)
    return text.encode()


def check_no_inline_script(name: str, text: str) -> None:
    """Refuse a page with script text or event attributes: its policy would block them.

    Raises:
        BuildError: the page has some.
    """
    if re.search(r"<script\b(?![^>]*\bsrc=)", text, re.IGNORECASE) or re.search(r"<[^>]+\son\w+\s*=", text):
        raise BuildError(f"{name} holds an inline script; its policy allows files only")
