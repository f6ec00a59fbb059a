"""The maps of the pages of coverage: the departments of the nation in shades, the communes of one as dots. No query
here."""

import csv
import functools
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings

from common.french import NBSP, THIN, apostrophes, number, plural
from operators.coverage_page import SHADES, count_of
from operators.matching.vocabulary import BodyKind
from operators.models import CoverageCell
from territories.dots import Dots
from territories.models import Collectivity

OUTLINES = settings.BASE_DIR / "fixtures" / "reference" / "departements_svg.csv"
#: Where the overseas departments are drawn, left of the mainland, each to its own scale.
INSETS = {
    "971": "translate(-205 20) scale(2.632)",
    "972": "translate(-205 220) scale(3)",
    "973": "translate(-205 420) scale(3)",
    "974": "translate(-205 620) scale(2.679)",
    "976": "translate(-205 820) scale(3)",
}


@functools.cache
def outlines() -> tuple[tuple[str, str, str], ...]:
    """(code, name, path) of each department."""
    with OUTLINES.open(encoding="utf-8", newline="") as file:
        return tuple((row["code"], apostrophes(row["nom"]), row["d"]) for row in csv.DictReader(file))


def map_of(cells: Iterable[CoverageCell]) -> dict[str, Any]:
    """The departments drawn, each with its shade and its counts, and the legend. Cells of one theme and kind."""
    found = {cell.department_id: cell for cell in cells}
    shapes = [
        {
            "title": f"{name} ({code})" + (f"{NBSP}: {_told(found[code])}" if code in found else ""),
            "path": path,
            "inset": INSETS.get(code, ""),
            "shade": count_of(found[code]).shade if code in found else "none",
        }
        for code, name, path in outlines()
    ]
    return {"shapes": shapes, "legend": [(place, words) for place, (_, words) in enumerate(SHADES)]}


def _told(cell: CoverageCell) -> str:
    count = count_of(cell)
    nouns = {BodyKind.COMMUNE: ("commune", "communes"), BodyKind.EPCI: ("intercommunalité", "intercommunalités")}
    noun = nouns[BodyKind(cell.kind)]
    bodies = f"{plural(count.uncovered, *noun)} sur{NBSP}{number(count.bodies)} sans offre locale"
    if not count.uncovered:
        return bodies
    return f"{bodies}{THIN}; {plural(count.inhabitants, 'habitant')} sur{NBSP}{number(count.population)}"


#: Layers of the map of a department, drawn one upon the other.
LAYERS = (("covered", "Avec une offre locale"), ("hole", "Sans offre locale"))


def dots_of(bodies: Iterable[Collectivity], uncovered: Collection[str]) -> dict[str, Any] | None:
    """Each commune a dot; None without any place."""
    communes = [body for body in bodies if body.kind == BodyKind.COMMUNE.value]
    places = {
        body.code: (float(body.longitude), float(body.latitude))
        for body in communes
        if body.latitude is not None and body.longitude is not None
    }
    if not places:
        return None
    dots = Dots(places)
    layers = {
        "covered": [code for code in places if code not in uncovered],
        "hole": [code for code in places if code in uncovered],
    }
    missing = len(communes) - len(places)
    return {**dots.drawing((name, words, layers[name]) for name, words in LAYERS), "missing": missing}
