"""Gates of Winograd's algorithm as plans run it: what is transformed lies as the products read it.

Each of the 36 points has a plane for every group, (36·G, numbers of a plane), with a gap at its end; matrices lie
there in panels of some columns, side by side: (panel, row, column).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Gate, Spec, gate
from ..kernels.transforms import GAP, POINTS, SEEN, Scheme


def in_panels(planes: np.ndarray, columns: int) -> np.ndarray:
    """Matrices (36·G, rows, wide) in panels, zeros beyond their last column and in the gap: (36·G, …)."""
    many, rows, wide = planes.shape
    panels = -(-wide // columns)
    whole = np.zeros((many, rows, panels * columns), planes.dtype)
    whole[..., :wide] = planes
    laid = whole.reshape(many, rows, panels, columns).transpose(0, 2, 1, 3).reshape(many, -1)
    return np.concatenate([laid, np.zeros((many, GAP), planes.dtype)], 1)


def out_of_panels(planes: np.ndarray, rows: int, wide: int, columns: int) -> np.ndarray:
    """The matrices (36·G, rows, wide) that lie in panels."""
    laid = planes[:, :-GAP].reshape(len(planes), -1, rows, columns)
    return laid.transpose(0, 2, 1, 3).reshape(len(planes), rows, -1)[..., :wide]


def plane_of(rows: int, wide: int, columns: int) -> int:
    """Numbers of a plane that holds a matrix in panels."""
    return rows * -(-wide // columns) * columns + GAP


def apart(points: np.ndarray, groups: int) -> np.ndarray:
    """(36, rows, G·wide) as (36·G, rows, wide)"""
    many, rows, wide = points.shape
    parts = points.reshape(many, rows, groups, wide // groups).transpose(0, 2, 1, 3)
    return parts.reshape(many * groups, rows, wide // groups)


@gate
class FilterPanels(Gate):
    """out = filters w (F, C/groups, K, K), transformed: matrices (C/groups, F/groups), in panels

    back:  for the gradient to pictures: filters turned by half a circle, matrices (F/groups, C/groups)
    """

    scheme: Scheme
    groups: int
    columns: int
    back: bool

    def sides(self, w: Spec) -> tuple[int, int]:
        """Rows and columns of the matrices."""
        filters, channels = w.shape[0] // self.groups, w.shape[1]
        return (filters, channels) if self.back else (channels, filters)

    def spec(self, w: Spec) -> Spec:
        return Spec((POINTS * self.groups, plane_of(*self.sides(w), self.columns)), w.dtype)

    def forward(self, w: np.ndarray) -> Any:
        turned = w[:, :, ::-1, ::-1] if self.back else w
        parts = turned.reshape(self.groups, -1, *w.shape[1:])
        order = "abgfc" if self.back else "abgcf"
        made = np.einsum(f"ai,gfcij,bj->{order}", self.scheme.filters, parts, self.scheme.filters)
        return in_panels(made.reshape(POINTS * self.groups, *made.shape[3:]).astype(w.dtype), self.columns)


@gate
class WinogradPixels(Gate):
    """out (N, H - edge, W - edge, filters) = the windows of x (N, H, W, C) times filters in panels"""

    scheme: Scheme
    groups: int
    columns: int
    filters: int

    def spec(self, x: Spec, panels: Spec) -> Spec:
        many, height, width, _ = x.shape
        return Spec((many, height - self.scheme.edge, width - self.scheme.edge, self.filters), x.dtype)

    def forward(self, x: np.ndarray, panels: np.ndarray) -> Any:
        sides = x.shape[3] // self.groups, self.filters // self.groups
        square = out_of_panels(panels, *sides, self.columns).reshape(SEEN, SEEN, self.groups, *sides)
        seen = self.scheme.seen_by(x)
        seen = seen.reshape(*seen.shape[:5], self.groups, sides[0])
        made = np.einsum("nhwabgc,abgcf->nhwabgf", seen, square)
        _, height, width, _ = self.spec(Spec(x.shape, x.dtype), Spec(panels.shape, panels.dtype)).shape
        pixels = self.scheme.made_of(made.reshape(*seen.shape[:5], self.filters))
        return pixels[:, :height, :width].astype(x.dtype)


@gate
class WinogradTiles(Gate):
    """out = the tiles of pictures with their border, or of results (back), transformed: matrices (tiles, C/groups),
    in panels
    """

    scheme: Scheme
    groups: int
    columns: int
    back: bool

    def tiles(self, x: Spec) -> int:
        many, height, width, _ = x.shape
        edge = 0 if self.back else self.scheme.edge
        return self.scheme.tiles(many, height - edge, width - edge)

    def spec(self, x: Spec) -> Spec:
        plane = plane_of(self.tiles(x), x.shape[3] // self.groups, self.columns)
        return Spec((POINTS * self.groups, plane), x.dtype)

    def forward(self, x: np.ndarray) -> Any:
        made = self.scheme.sent_by(x) if self.back else self.scheme.seen_by(x)
        tiles = made.transpose(3, 4, 0, 1, 2, 5).reshape(POINTS, -1, x.shape[3])
        return in_panels(apart(tiles, self.groups).astype(x.dtype), self.columns)


@gate
class TilesGradient(Gate):
    """out (F, C/groups, K, K) = the gradient to filters from the tiles of pictures, and of results, in panels

    size:  of the filters;  tiles: so many;  columns: of both panels
    """

    scheme: Scheme
    size: tuple[int, ...]
    groups: int
    tiles: int
    columns: tuple[int, int]

    def spec(self, left: Spec, right: Spec) -> Spec:
        return Spec(self.size, left.dtype)

    def forward(self, left: np.ndarray, right: np.ndarray) -> Any:
        channels, filters = self.size[1], self.size[0] // self.groups
        a = out_of_panels(left, self.tiles, channels, self.columns[0])
        b = out_of_panels(right, self.tiles, filters, self.columns[1])
        return gradient_of(a.transpose(0, 2, 1) @ b, self.scheme, self.size)


def gradient_of(planes: np.ndarray, scheme: Scheme, size: tuple[int, ...]) -> Any:
    """Gᵀ m G of matrices (36·G, C/G, F/G): filters of this size."""
    square = planes.reshape(SEEN, SEEN, -1, *planes.shape[1:])
    made = np.einsum("ia,ijgcf,jb->gfcab", scheme.filters, square, scheme.filters)
    return made.reshape(size).astype(planes.dtype)


def with_gap(planes: np.ndarray) -> np.ndarray:
    """Matrices (36·G, C, F), each in one row with a gap at its end."""
    return np.pad(planes.reshape(len(planes), -1), [(0, 0), (0, GAP)])


@gate
class WinogradSums(Gate):
    """out (shares, 36·groups, C/groups · F/groups and a gap) = the gradient to filters, transformed: of x (N, H, W, C),
    y (N, H', W', F)
    """

    scheme: Scheme
    groups: int
    shares: int

    def spec(self, x: Spec, y: Spec) -> Spec:
        each = x.shape[3] // self.groups * (y.shape[3] // self.groups)
        return Spec((self.shares, POINTS * self.groups, each + GAP), x.dtype)

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        left, right = (
            a.reshape(*a.shape[:5], self.groups, -1) for a in (self.scheme.seen_by(x), self.scheme.sent_by(y))
        )
        made = np.einsum("nhwabgc,nhwabgf->abgcf", left, right)
        whole = with_gap(made.reshape(POINTS * self.groups, *made.shape[3:]))
        return np.concatenate([whole[None], np.zeros((self.shares - 1, *whole.shape))]).astype(x.dtype)


@gate
class FilterGradient(Gate):
    """out (F, C/groups, K, K) = the gradient to filters from sums in shares, which are added: transformed ones, or
    without a scheme plain ones (shares, K, K, C/groups, F)
    """

    size: tuple[int, ...]
    groups: int = 1
    scheme: Scheme | None = None

    def spec(self, sums: Spec) -> Spec:
        return Spec(self.size, sums.dtype)

    def forward(self, sums: np.ndarray) -> Any:
        total = sums.sum(0)
        if self.scheme is None:
            return np.ascontiguousarray(total.transpose(3, 2, 0, 1))
        matrices = total[:, :-GAP].reshape(len(total), self.size[1], -1)
        return gradient_of(matrices, self.scheme, self.size)
