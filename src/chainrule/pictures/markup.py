"""XML and HTML written safely: elements, escaped text, and the frame that all SVG pictures share."""

from __future__ import annotations

import re
from html import escape

from .colours import SERIES, variables

# XML forbids these even when escaped: one in a class name would break the whole page.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: object) -> str:
    """Return a value as text that is safe inside elements and attribute values.

    >>> text('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    return escape(_FORBIDDEN.sub("\ufffd", str(value)))


def element(tag: str, *children: str, **attributes: object) -> str:
    """Return one element. Children are markup already; the values of attributes are made safe here.

    An underscore in an attribute's name becomes a hyphen, one at its end is dropped; None leaves it out.

    >>> element("text", text("a < b"), x=1.5, class_="tick", text_anchor="end")
    '<text x="1.5" class="tick" text-anchor="end">a &lt; b</text>'
    """
    inside = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{inside}>{''.join(children)}</{tag}>"


def tooltip(value: object) -> str:
    """Return the child that makes an SVG element tell something when the pointer rests on it.

    >>> tooltip("12 of 100")
    '<title>12 of 100</title>'
    """
    return element("title", text(value))


def label(x: float, y: float, value: object, kind: str, anchor: str | None = None, **more: object) -> str:
    """Return text at a point of an SVG; `kind` is its CSS class without the prefix.

    >>> label(1, 2, "loss", "tick", "end")
    '<text x="1" y="2" class="cr-tick" text-anchor="end">loss</text>'
    """
    return element("text", text(value), x=x, y=y, class_=f"cr-{kind}", text_anchor=anchor, **more)


def svg(width: float, height: float, *children: str, name: str) -> str:
    """Return a whole SVG picture, with its style inside, so that it stands alone or in any page.

    width, height:  pixels at its natural size
    name:           what a screen reader says

    >>> svg(10, 10, name="nothing").startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    return element(
        "svg",
        element("style", _STYLE),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_attribute(float(width))} {_attribute(float(height))}",
        width=float(width),
        height=float(height),
        class_="cr-svg",
        role="img",
        aria_label=name,
    )


def _attribute(value: object) -> str:
    if not isinstance(value, float):
        return text(value)
    # A hundredth of a pixel is finer than any screen, and keeps long curves small.
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


_STYLE = (
    variables(".cr-svg")
    + ".cr-svg{font:14px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    + "max-width:100%;height:auto;overflow:visible}"
    + ".cr-svg text{fill:var(--cr-ink)}"
    + ".cr-svg .cr-title{font-size:16px;font-weight:650}"
    + ".cr-svg .cr-quiet,.cr-svg .cr-tick{fill:var(--cr-quiet)}"
    + ".cr-svg .cr-tick,.cr-svg .cr-count{font-variant-numeric:tabular-nums}"
    + ".cr-svg .cr-name{font-weight:600}"
    + ".cr-grid{stroke:var(--cr-grid);stroke-width:1}"
    + ".cr-rule{stroke:var(--cr-rule);stroke-width:1}"
    + ".cr-line{fill:none;stroke:var(--cr-hue);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    + ".cr-raw{stroke-width:1;opacity:.28}"
    + ".cr-lead{stroke-width:1.2;stroke-dasharray:.1 4;opacity:.8}"
    + ".cr-dash{stroke-dasharray:6 5}"
    + ".cr-dot{fill:var(--cr-hue);stroke:var(--cr-card);stroke-width:1.5;pointer-events:all}"
    + ".cr-mark{fill:var(--cr-hue);stroke:var(--cr-hue);stroke-width:1.2;pointer-events:all}"
    + ".cr-ring{fill:none;stroke:var(--cr-ink);stroke-width:2}"
    + ".cr-box{fill:none;stroke:var(--cr-rule);stroke-width:1;stroke-dasharray:4 4}"
    + ".cr-bars{fill:none;stroke:var(--cr-hue);stroke-width:1.5}"
    + ".cr-faint{fill:var(--cr-hue);opacity:.3;pointer-events:all}"
    + ".cr-svg .cr-halo{paint-order:stroke;stroke:var(--cr-card);stroke-width:5;stroke-linejoin:round}"
    + ".cr-svg .cr-bad{fill:var(--cr-wrong);font-weight:600}"
    + ".cr-bad-frame{fill:none;stroke:var(--cr-wrong);stroke-width:2.5}"
    + ".cr-hit{fill:transparent;pointer-events:all}"
    + ".cr-svg .cr-hued{fill:var(--cr-hue)}"
    + ".cr-cell:hover,.cr-bar:hover{stroke:var(--cr-ink);stroke-width:1.5}"
    + ".cr-band{fill:var(--cr-grid);opacity:.38}"
    + ".cr-right{fill:var(--cr-cell-right)}.cr-wrong{fill:var(--cr-cell-wrong)}"
    + ".cr-muted{fill:var(--cr-rule)}"
    + ".cr-svg .cr-on{fill:#fff}.cr-zero{fill:transparent}"
    + ".cr-svg .cr-count{pointer-events:none}"
    + "".join(f".cr-{index}{{--cr-hue:var(--cr-hue-{index})}}" for index in range(1, SERIES + 1))
)
