"""A map of dots: each commune at its centre, one path for all those drawn alike. No outline, no query, no script."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from common.french import number

Key = TypeVar("Key")

WIDTH, TALLEST, MARGIN = 600, 620, 24
SMALLEST, LARGEST = 5.0, 16.0


class Dots(Generic[Key]):
    """Places projected flat, longitudes shortened by the cosine of the latitude.

    ``places``: key → (longitude, latitude) in degrees, at least one. ``width``, ``height`` and ``dot`` (the diameter of
    a dot) are in units of the drawing, ``points`` are key → (x, y) in it.
    """

    def __init__(self, places: Mapping[Key, tuple[float, float]]) -> None:
        latitudes = [latitude for _, latitude in places.values()]
        narrowed = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
        across = [longitude * narrowed for longitude, _ in places.values()]
        left, wide = min(across), max(max(across) - min(across), 1e-6)
        high, tall = max(latitudes), max(max(latitudes) - min(latitudes), 1e-6)
        scale = min((WIDTH - 2 * MARGIN) / wide, (TALLEST - 2 * MARGIN) / tall)
        self.width = round(wide * scale) + 2 * MARGIN
        self.height = round(tall * scale) + 2 * MARGIN
        self.points = {
            key: (round((x - left) * scale + MARGIN, 1), round((high - latitude) * scale + MARGIN, 1))
            for key, x, latitude in zip(places, across, latitudes, strict=True)
        }
        spread = 0.55 * math.sqrt(self.width * self.height / len(places))
        self.dot = round(max(SMALLEST, min(LARGEST, spread)), 1)

    def path(self, keys: Iterable[Key]) -> str:
        """The path of SVG that puts a dot (a stroke of round ends) on each of those that have a place."""
        return "".join("M{} {}h.01".format(*self.points[key]) for key in keys if key in self.points)

    def drawing(self, layers: Iterable[tuple[str, str, Sequence[Key]]]) -> dict[str, Any]:
        """What a template draws of layers (name, words, keys): ``width``, ``height``, ``dot`` and ``hole`` (diameters,
        as SVG writes numbers), ``layers`` (name, words with their count, path)."""
        return {
            "width": self.width,
            "height": self.height,
            "dot": f"{self.dot:.1f}",
            "hole": f"{0.4 * self.dot:.1f}",
            "layers": [(name, f"{words} ({number(len(keys))})", self.path(keys)) for name, words, keys in layers],
        }
