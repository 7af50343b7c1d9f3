"""Boosted regression trees on a few thousand rows: least squares, sampled rows and columns, equal-sized bins. Knows numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nemoserve.reasoning.scores import Trees

BINS = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """How many trees, and what each may be."""

    trees: int = 120
    depth: int = 5
    rate: float = 0.1
    leaf: int = 40
    """Fewest rows in a leaf."""
    shrink: float = 20.0
    """So many rows of zero are thought into each leaf."""
    rows: float = 0.7
    columns: float = 0.5


@dataclass(frozen=True, slots=True)
class Node:
    """A split, or a leaf where `column` is -1."""

    mean: float
    column: int = -1
    bin: int = 0
    left: Node | None = None
    right: Node | None = None


class Bins:
    """Each column's values in at most `BINS` bins."""

    def __init__(self, raw: np.ndarray) -> None:
        self.edges = [_edges(column) for column in raw.T]

    def of(self, raw: np.ndarray) -> np.ndarray:
        columns = [np.searchsorted(edges, column, side="left") for edges, column in zip(self.edges, raw.T, strict=True)]
        return np.stack(columns, axis=1)


def _edges(column: np.ndarray) -> np.ndarray:
    values = np.unique(column)
    if len(values) <= BINS:
        return (values[1:] + values[:-1]) / 2
    return np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1]))


def grow(x: np.ndarray, rest: np.ndarray, columns: np.ndarray, shape: Shape, rate: float) -> Node:
    """One tree for what is left to explain, by the given columns of the binned matrix."""
    offsets = np.arange(len(columns)) * BINS
    size = len(columns) * BINS

    def node(rows: np.ndarray, depth: int) -> Node:
        count, total = len(rows), float(rest[rows].sum())
        mean = rate * total / (count + shape.shrink)
        if depth == 0 or count < 2 * shape.leaf:
            return Node(mean)
        flat = (x[np.ix_(rows, columns)] + offsets).ravel()
        counts = np.bincount(flat, minlength=size).reshape(-1, BINS).cumsum(axis=1)[:, :-1]
        sums = np.bincount(flat, np.repeat(rest[rows], len(columns)), size).reshape(-1, BINS).cumsum(axis=1)[:, :-1]
        gains = (
            sums**2 / (counts + shape.shrink)
            + (total - sums) ** 2 / (count - counts + shape.shrink)
            - total**2 / (count + shape.shrink)
        )
        gains[(counts < shape.leaf) | (count - counts < shape.leaf)] = -1.0
        best = int(gains.argmax())
        if gains.flat[best] <= 1e-9:
            return Node(mean)
        at, last = divmod(best, BINS - 1)
        column = int(columns[at])
        goes_left = x[rows, column] <= last
        return Node(mean, column, last, node(rows[goes_left], depth - 1), node(rows[~goes_left], depth - 1))

    return node(np.arange(len(rest)), shape.depth)


def predicted(tree: Node, x: np.ndarray) -> np.ndarray:
    out = np.zeros(len(x))

    def fill(node: Node, rows: np.ndarray) -> None:
        if node.left is None or node.right is None:
            out[rows] = node.mean
            return
        goes_left = x[rows, node.column] <= node.bin
        fill(node.left, rows[goes_left])
        fill(node.right, rows[~goes_left])

    fill(tree, np.arange(len(x)))
    return out


def boosted(x: np.ndarray, y: np.ndarray, shape: Shape, rng: np.random.Generator) -> list[Node]:
    """Trees whose sum is about `y`; the first is a leaf with the mean."""
    trees = [Node(float(y.mean()))]
    rest = y - y.mean()
    for _ in range(shape.trees):
        rows = np.flatnonzero(rng.random(len(y)) < shape.rows)
        columns = np.flatnonzero(rng.random(x.shape[1]) < shape.columns)
        tree = grow(x[rows], rest[rows], columns, shape, shape.rate)
        rest = rest - predicted(tree, x)
        trees.append(tree)
    return trees


def total(trees: Sequence[Node], x: np.ndarray) -> np.ndarray:
    return np.sum([predicted(tree, x) for tree in trees], axis=0)


def flattened(trees: Sequence[Node], names: Sequence[str], bins: Bins, scale: float) -> Trees:
    """The trees as the package reads them, on features as they are, with the names of those that are asked."""
    asked: dict[int, int] = {}
    feature: list[int] = []
    above: list[float] = []
    left: list[int] = []
    mean: list[float] = []

    def room() -> int:
        for column in (feature, above, left, mean):
            column.append(0)  # type: ignore[arg-type]
        return len(feature) - 1

    def put(node: Node, at: int) -> None:
        mean[at] = float(f"{node.mean:.3g}")
        feature[at] = -1
        if node.left is None or node.right is None:
            return
        feature[at] = asked.setdefault(node.column, len(asked))
        above[at] = float(f"{bins.edges[node.column][node.bin]:.5g}")
        left[at] = room()
        room()
        put(node.left, left[at])
        put(node.right, left[at] + 1)

    roots: list[int] = []
    for tree in trees:
        roots.append(room())
        put(tree, roots[-1])
    return Trees(float(f"{scale:.4g}"), [names[column] for column in asked], roots, feature, above, left, mean)
