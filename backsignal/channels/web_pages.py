"""What the web channel serves to browsers: the widget's file, the demonstration page, and their facts."""

import html
import re
from asyncio import AbstractEventLoop
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse

from backsignal.channels.files import PAGE_HEADERS, TYPES, file_of
from backsignal.channels.service import RootBlueprint
from backsignal.clinical.content import CONTENT_FOLDER, Topic
from backsignal.clinical.content_files import ContentModel, read_content
from backsignal.clinical.levels import Level
from backsignal.components.turns import content

WIDGET = Path(__file__).resolve().parents[2] / "widget"
_DRAWN = WIDGET / "drawn"
# The page of drawings, for channels that cannot show them; "#exercise" and the like lead to a topic.
DRAWINGS = "/drawings"
# The widget's modules, each using only those before it.
_MODULES = ("strings", "dom", "drawings", "body", "colours", "connection", "cards", "summary", "chat")
_STYLE_MARK = "/* widget.css */"
# The page may use what its own server offers and nothing else, and nobody may frame it.
_PAGE_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Frame-Options": "DENY",
}
# The widget itself is for any page: that a page may use the channel is decided at the channel.
_WIDGET_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Place(ContentModel):
    """A part of the body picture: its shape, its name, and what it says in a message."""

    shape: str
    name: str
    says: str


class Pointing(ContentModel):
    """The body picture: the sentence that it sends, and its parts."""

    opening: str
    places: list[Place]


class DrawingsPage(ContentModel):
    """What stands above the drawings on their own page."""

    title: str
    opening: str


class WidgetWording(ContentModel):
    """The file widget.yml."""

    levels: dict[Level, str]
    asks: dict[str, str]
    pointing: Pointing
    drawings: dict[str, str]
    drawings_page: DrawingsPage


@lru_cache(maxsize=1)
def _wording() -> WidgetWording:
    return read_content(CONTENT_FOLDER / "widget.yml", WidgetWording)


@lru_cache(maxsize=1)
def facts() -> dict[str, Any]:
    """What the widget must know before it talks: the clinic's numbers, and the wording of its pictures."""
    wording, clinic = _wording(), content().clinic
    movements = {m.id: m.name for topic in content().topics.values() for m in topic.movements}
    return {
        "clinic": clinic.name,
        "telephone": clinic.telephone,
        "opening_hours": clinic.opening_hours,
        "emergency_number": clinic.emergency_number,
        "levels": {level.value: name for level, name in wording.levels.items()},
        "asks": wording.asks,
        "pointing": wording.pointing.dict(),
        "drawings": wording.drawings,
        "movements": movements,
    }


def widget_source(folder: Path = WIDGET) -> str:
    """The widget as one module: its parts without comments and imports, and its style sheet within."""
    style = _joined(folder / "widget.css", folder / "drawings.css")
    script = _script(*(folder / f"{name}.js" for name in _MODULES))
    return script.replace(_STYLE_MARK, re.sub(r"\s*\n\s*", "\n", _without_comments(style)).strip())


def _script(*parts: Path) -> str:
    """Modules as one, without comments and imports."""
    joined = re.sub(r"^import [^;]*;\n", "", _joined(*parts), flags=re.M)
    # What a page may import is the element; the rest is the widget's own.
    joined = re.sub(r"^export (?!class BacksignalChat)", "", joined, flags=re.M)
    return "\n".join(line for line in _without_comments(joined).splitlines() if line.strip()) + "\n"


def _joined(*parts: Path) -> str:
    return "\n".join(part.read_text("utf-8") for part in parts)


def _without_comments(source: str) -> str:
    # Only comments that begin a line: the sources have no others.
    source = re.sub(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", "", source, flags=re.S | re.M)
    return re.sub(r"^[ \t]*// .*\n", "", source, flags=re.M)


class Pages:
    """The widget's file, the page of drawings, and with `demo` the page of a made-up clinic at `/`."""

    def __init__(self, demo: bool) -> None:
        source = widget_source().encode()
        style = _joined(WIDGET / "drawings.css", _DRAWN / "page.css").encode()
        script = _script(WIDGET / "dom.js", WIDGET / "drawings.js", _DRAWN / "page.js").encode()
        self._files = {
            "/widget.js": file_of(source, ".js", _WIDGET_HEADERS),
            DRAWINGS: file_of(_drawings_page(), ".html", _PAGE_HEADERS),
            "/drawings.css": file_of(style, ".css", _WIDGET_HEADERS),
            "/drawings.js": file_of(script, ".js", _WIDGET_HEADERS),
        }
        if demo:
            self._files["/"] = file_of(_demo_page(), ".html", _PAGE_HEADERS)
            for path in (WIDGET / "demo").iterdir():
                if path.suffix in TYPES.keys() - {".html"}:
                    file = file_of(path.read_bytes(), path.suffix, _WIDGET_HEADERS)
                    self._files[f"/demo/{path.name}"] = file

    def add_to(self, blueprint: RootBlueprint) -> None:
        """Serve the files from the blueprint's app."""

        async def serve(request: Request) -> HTTPResponse:
            return self._files[request.path].answer(request)

        for path in self._files.keys() - {"/"}:
            blueprint.add_route(serve, path, {"GET", "HEAD"}, name=path.strip("/").replace("/", "_"))

        # `/` is a route of Rasa's already, and a second one would be an error: this answers before it.
        @blueprint.listener("before_server_start")
        async def before_routes(app: Sanic, _: AbstractEventLoop) -> None:
            app.register_middleware(self._front_page, "request")

    def _front_page(self, request: Request) -> HTTPResponse | None:
        page = self._files.get("/") if request.path == "/" else None
        return page.answer(request) if page and request.method in ("GET", "HEAD") else None


def _demo_page() -> bytes:
    """The page with the clinic's facts filled in."""
    values = {name: html.escape(str(value)) for name, value in content().clinic.facts().items()}
    page = Template((WIDGET / "demo" / "index.html").read_text("utf-8"))
    return page.substitute(values).encode()


def is_drawn(topic: Topic) -> bool:
    """Whether there are drawings of a topic of advice."""
    return any(name in _wording().drawings for name in (topic.id, *(move.id for move in topic.movements)))


def _drawings_page() -> bytes:
    """All topics with drawings, each movement with how and how often."""
    wording = _wording()
    topics = "".join(_drawn_topic(topic) for topic in content().topics.values() if is_drawn(topic))
    page = Template((_DRAWN / "index.html").read_text("utf-8"))
    above = {key: html.escape(text) for key, text in wording.drawings_page.dict().items()}
    return page.substitute(above, topics=topics).encode()


def _drawn_topic(topic: Topic) -> str:
    figures = [_figure(topic.id, "")] if topic.id in _wording().drawings else []
    figures += [_figure(move.id, f"{move.name}. {move.how} {move.times}.") for move in topic.movements]
    title = html.escape(topic.title)
    return f'<section id="{topic.id}"><h2>{title}</h2>{"".join(figures)}</section>'


def _figure(name: str, caption: str) -> str:
    words = _wording().drawings.get(name, "")
    place = f'<div data-drawing="{name}" data-words="{html.escape(words)}"></div>' if words else ""
    return f"<figure>{place}<figcaption>{html.escape(caption or words)}</figcaption></figure>"
