"""Labels ⇄ codes: an enumeration's, or those of reference data. Accents, case and punctuation are forgiven."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from common.french import NBSP
from common.tabular import folded
from operators.loading.columns import COLUMNS, Kind
from operators.matching.reasons import ZONING_LABELS
from operators.models import Subject
from programmes.models import Programme
from territories.models import Zoning

#: What separates several values in a cell.
SEPARATOR = " ; "
_SPLIT = re.compile(r"[;\n]")
#: Labels quoted in full when nothing is near.
_FEW = 8


def split(text: str) -> list[str]:
    return [part.strip() for part in _SPLIT.split(text) if part.strip()]


def _key(text: str) -> str:
    """« FRR+ » is not « FRR »."""
    return folded(text.replace("+", " plus ").replace("=", " egal "))


@dataclass(frozen=True, slots=True)
class Words:
    """The values of one column: code → label, and what is read as each."""

    labels: Mapping[str, str]
    codes: Mapping[str, str]
    #: Codes that may bear a value: « density=6 ».
    valued: frozenset[str] = frozenset()
    #: Texts read already: a file says the same words on every line.
    read: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: Mapping[str, str], valued: Iterable[str] = ()) -> Self:
        codes = {_key(label): code for code, label in labels.items()}
        codes |= {_key(code): code for code in labels}  # a code wins over the label of another
        return cls(labels, codes, frozenset(valued))

    def code(self, text: str) -> str:
        """Raises ``ValueError`` with the nearest known ones."""
        if known := self.read.get(text):
            return known
        if found := self.codes.get(_key(text)):
            self.read[text] = found
            return found
        if text.partition("=")[0] in self.valued and "=" in text:
            return text
        raise ValueError(f"«{NBSP}{text[:60]}{NBSP}» n’est pas de la liste. {self._nearest(text)}")

    def _nearest(self, text: str) -> str:
        close = difflib.get_close_matches(_key(text)[:80], list(self.codes), n=3, cutoff=0.5)
        near = list(dict.fromkeys(self.labels[self.codes[key]] for key in close))
        if near or len(self.labels) > _FEW:
            named = near or list(self.labels.values())[:3]
            return f"{'Proches' if near else 'Par exemple'}{NBSP}: {_quoted(named)}."
        return f"Valeurs possibles{NBSP}: {_quoted(self.labels.values())}."

    def label(self, code: str) -> str:
        """The label that is read as this code; the code itself where none is."""
        label = self.labels.get(code, code)
        return label if self.codes.get(_key(label)) == code and not _SPLIT.search(label) else code


def _quoted(labels: Iterable[str]) -> str:
    return ", ".join(f"«{NBSP}{label}{NBSP}»" for label in labels)


def vocabulary() -> dict[str, Words]:
    """The words of every column that has a list. Three queries."""
    zonings = dict(Zoning.objects.order_by("code").values_list("code", "label"))
    found = {
        "subjects": Words.of(dict(Subject.objects.filter(theme__isnull=False).values_list("code", "label"))),
        "programmes_required": Words.of(dict(Programme.objects.order_by("code").values_list("code", "label"))),
        "zonings_required": Words.of({**zonings, **ZONING_LABELS}, valued=zonings),
    }
    for column in COLUMNS:
        if column.kind in (Kind.LABEL, Kind.LABELS) and column.choices is not None:
            found[column.field] = Words.of({str(code): str(label) for code, label in column.choices.choices})
    return found
