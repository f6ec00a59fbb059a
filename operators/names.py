"""The names that the engine's codes have today, for ``matching.reasons``: subjects, programmes and zonings as staff
keep them, areas as territories say them."""

from collections.abc import Iterable, Mapping
from typing import Any

from operators.matching.engine import Matching
from operators.matching.reasons import ZONING_LABELS, Labels, area_key
from operators.matching.vocabulary import BodyKind, EngineeringType, Phase, Service, Theme
from operators.models import Subject
from operators.reference import SUBJECT_LABELS
from operators.values import Line
from operators.wording import area_names
from programmes.models import Programme
from programmes.reference import LABELS as PROGRAMME_LABELS
from territories.models import Zoning

#: Lists of codes in a document: arguments of a sentence, facts of the request.
_LISTS = frozenset({"values", "subjects", "programmes"})
#: Codes that the portal names by itself.
OWN = frozenset(
    {str(word) for words in (Theme, EngineeringType, Service, Phase, BodyKind) for word in words}
    | {*SUBJECT_LABELS, *PROGRAMME_LABELS, *ZONING_LABELS}
)


def labels() -> dict[str, str]:
    """Names that staff may have added or changed: subjects, programmes, zonings. One query."""
    rows = (model.objects.order_by().values_list("code", "label") for model in (Zoning, Programme, Subject))
    first, *others = rows
    return dict(first.union(*others, all=True))


def names_in(*documents: Any) -> Labels:
    """What the codes of frozen assessments, or of parts of them, are called. No query when the portal's own words name
    them all; one when staff added a code, and one for each level of an area that they quote (four at most)."""
    quoted = [one for document in documents for one in _quoted(document)]
    areas = {one for one in quoted if isinstance(one, Line)}
    added = {one for one in quoted if isinstance(one, str)} - OWN
    named = {area_key(*key): name for key, name in area_names(areas).items()} if areas else {}
    kept = {code: name for code, name in labels().items() if code in added} if added else {}
    return {**kept, **named}


def names_for(matching: Matching) -> Labels:
    """The same of a fresh matching."""
    read = [reading.args for candidate in matching.candidates for reading in candidate.readings]
    return names_in(*read, *(reading.args for miss in matching.misses for reading in miss.failed))


def _quoted(value: Any) -> Iterable[Line | str]:
    """The areas and the codes that a document names, wherever they stand."""
    if isinstance(value, Mapping):
        if "level" in value and "codes" in value:
            yield from (Line(value["level"], code) for code in value["codes"])
        for name, one in value.items():
            if name in _LISTS:
                yield from one
            else:
                yield from _quoted(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _quoted(one)
