"""How the documentation is built: `sphinx-build -W docs docs/_build`.  Nothing is fetched from anywhere."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # our extensions, and the table of laws

from extensions import reference  # noqa: E402
from extensions.executed import executed, runs  # noqa: E402

import chainrule  # noqa: E402
from chainrule.pictures.colours import DARK, LIGHT  # noqa: E402

project = "chainrule"
author = "The chainrule authors"
copyright = "the chainrule authors, MIT"
version = release = chainrule.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "extensions"]
smartquotes = False  # names, shapes and H' are to stay as they are
add_module_names = False

html_theme = "furo"  # small, well kept, light and dark, asks no other site for anything
html_title = "chainrule"
html_static_path = ["style.css"]
html_css_files = ["colours.css", "style.css"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_show_sphinx = False


def declared(colours: dict[str, str]) -> str:
    return "{" + "".join(f"--cr-{name}:{colour};" for name, colour in colours.items()) + "}"


def before(app) -> None:
    """The reference, and our pictures' colours for the theme's own light and dark."""
    reference.write(HERE / "reference")
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    dark = "body:not([data-theme=light]) .cr-svg"
    rules = f"body .cr-svg{declared(LIGHT)}\nbody[data-theme=dark] .cr-svg{declared(DARK)}\n"
    rules += f"@media (prefers-color-scheme:dark){{{dark}{declared(DARK)}}}\n"
    (static / "colours.css").write_text(rules, encoding="utf-8")


def on_read(app, name: str, source: list[str]) -> None:
    """Some pages run while they are read."""
    if runs(name):
        source[0] = executed(HERE / f"{name}.md")


def setup(app) -> None:
    app.connect("builder-inited", before)
    app.connect("source-read", on_read)
