"""Arrays to images, curves and matrices to SVG, and one page of them all.

What reports, notebooks and the debugger share. Images are Pillow's, SVG and HTML are strings.
"""

from .axes import new_axes as new_axes
from .axes import plot_curves as plot_curves
from .axes import show_on as show_on
from .bars import bars as bars
from .curves import curves as curves
from .images import colour as colour
from .images import data_uri as data_uri
from .images import diverging as diverging
from .images import grey as grey
from .images import picture as picture
from .images import png as png
from .matrix import matrix as matrix
from .neighbours import Neighbourhood as Neighbourhood
from .neighbours import neighbourhoods as neighbourhoods
from .page import Section as Section
from .page import figure as figure
from .page import gallery as gallery
from .page import page as page
from .page import table as table
from .scatter import Box as Box
from .scatter import scatter as scatter
from .spreads import Samples as Samples
from .spreads import spreads as spreads
from .tiles import tiles as tiles

__all__ = [
    "Box",
    "Neighbourhood",
    "Samples",
    "Section",
    "bars",
    "colour",
    "curves",
    "data_uri",
    "diverging",
    "figure",
    "gallery",
    "grey",
    "matrix",
    "neighbourhoods",
    "new_axes",
    "page",
    "picture",
    "plot_curves",
    "png",
    "scatter",
    "show_on",
    "spreads",
    "table",
    "tiles",
]
