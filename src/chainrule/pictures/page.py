"""One self-contained HTML page: no script, no file beside it, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from ..errors import SettingError, ShapeError
from .images import data_uri
from .markup import element, text
from .sheet import style_sheet


@dataclass(frozen=True)
class Section:
    """A part of a page.

    title, caption:  text, made safe by `page`
    body_html:       markup as it is: what `figure`, `gallery` and `table` return, joined

    >>> Section("Mistakes", gallery([])).caption
    ''
    """

    title: str
    body_html: str
    caption: str = ""


def page(
    title: str, sections: Iterable[Section], *, subtitle: str = "", facts: Mapping[str, object] | None = None
) -> str:
    """Return a whole HTML page, light or dark as the reader's system is.

    facts:  what a number means → the number, shown large at the top: {"test accuracy": "88.1 %"}

    >>> page("A run", [Section("Curves", "<p>none</p>")]).startswith("<!DOCTYPE html>")
    True
    """
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        + element("title", text(title))
        + element("style", style_sheet())
    )
    body = _header(title, subtitle, facts or {}) + element("main", *map(_section, sections))
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def figure(picture: str | Image.Image, caption: str = "", *, scale: int = 1, wide: bool = False) -> str:
    """Return one picture with its caption, as a card; two stand side by side where there is room.

    picture:  an SVG of this room, or an image
    scale:    screen pixels for each pixel of an image, ≥ 1
    wide:     take the whole width of the page
    Raises SettingError if picture is neither, or scale is below 1.

    >>> figure("<svg></svg>", "a < b")
    '<figure class="card"><svg></svg><figcaption>a &lt; b</figcaption></figure>'
    """
    below = element("figcaption", text(caption)) if caption else ""
    kind = "card wide" if wide else "card"
    if isinstance(picture, Image.Image):
        return element("figure", _image(picture, caption, scale), below, class_=kind)
    if not (isinstance(picture, str) and picture.lstrip().startswith("<svg")):
        came = f"a picture of type {type(picture).__name__}"
        hint = "paint an array with picture(array) or tiles(arrays)"
        raise SettingError("figure", came, "an SVG string or a Pillow image", hint)
    return element("figure", picture, below, class_=kind)


def gallery(
    pictures: Iterable[tuple[Image.Image, str, str]],
    *,
    size: int = 100,
    nothing: str = "Nothing to show.",
) -> str:
    """Return small pictures in a grid, each with a caption and an emphasized second line.

    pictures:  (image, caption, emphasis), as (image, "is Shirt", "called Coat, 98 %")
    size:      pixels that one picture takes at least in width, ≥ 16
    nothing:   what is said if there are none, as when a model makes no mistake
    Raises SettingError for a size too small.

    >>> gallery([])
    '<p class="nothing">Nothing to show.</p>'
    """
    if size < 16:
        raise SettingError("gallery", f"size is {size}", "at least 16 pixels", "leave size out")
    figures = [_small(image, caption, emphasis) for image, caption, emphasis in pictures]
    if not figures:
        return element("p", text(nothing), class_="nothing")
    columns = f"grid-template-columns:repeat(auto-fill,minmax({size}px,1fr))"
    return element("div", *figures, class_="gallery", style=columns)


def table(headers: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; columns that hold only numbers stand to the right.

    headers:  text over the columns
    rows:     as many cells each; numbers are written with thousands marks and four digits
    Raises ShapeError for a row of another length.

    >>> "<td class=\\"number\\">61,706</td>" in table(["model", "parameters"], [["LeNet-5", 61706]])
    True
    """
    cells = [list(row) for row in rows]
    for index, row in enumerate(cells):
        if len(row) != len(headers):
            came = f"row {index} has {len(row)} cells"
            raise ShapeError("table", came, f"{len(headers)} as there are headers", "fill it with ''")
    numeric = [
        bool(cells) and all(_is_number(row[column]) for row in cells) for column in range(len(headers))
    ]
    head = element("tr", *_cells("th", headers, numeric))
    body = [element("tr", *_cells("td", row, numeric)) for row in cells]
    whole = element("table", element("thead", head), element("tbody", *body))
    return element("div", whole, class_="card scroll")


def _header(title: str, subtitle: str, facts: Mapping[str, object]) -> str:
    parts = [element("h1", text(title))]
    if subtitle:
        parts.append(element("p", text(subtitle), class_="subtitle"))
    if facts:
        pairs = [
            element("div", element("dt", text(name)), element("dd", text(_written(value))))
            for name, value in facts.items()
        ]
        parts.append(element("dl", *pairs, class_="facts"))
    return element("header", *parts)


def _section(section: Section) -> str:
    caption = element("p", text(section.caption)) if section.caption else ""
    body = element("div", section.body_html, class_="body")
    return element("section", element("h2", text(section.title)), caption, body)


def _image(image: Image.Image, caption: str, scale: int) -> str:
    if scale != int(scale) or scale < 1:
        raise SettingError("figure", f"scale is {scale}", "a whole number of at least 1", "scale=1")
    width, height = image.width * int(scale), image.height * int(scale)
    # void element: a closing tag would be an error in HTML
    start = element("img", src=data_uri(image), alt=caption, width=width, height=height)
    return start.removesuffix("</img>")


def _small(image: Image.Image, caption: str, emphasis: str) -> str:
    spoken = f"{caption}, {emphasis}" if emphasis else caption
    strong = element("strong", text(emphasis)) if emphasis else ""
    below = element("figcaption", element("span", text(caption)), strong)
    return element("figure", _image(image, spoken, 1), below)


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _written(cell: object) -> str:
    if not _is_number(cell):
        return str(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.4g}"


def _cells(tag: str, cells: Sequence[object], numeric: list[bool]) -> list[str]:
    return [
        element(tag, text(_written(cell)), class_="number" if right else None)
        for cell, right in zip(cells, numeric, strict=True)
    ]
