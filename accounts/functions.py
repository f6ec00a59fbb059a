"""The functions that a person may declare for a collectivity, and what each makes of him.

« Secrétaire générale de mairie » and « secrétaire général de mairie »: CGCT L2122-19-1, since 1 January 2024.
"""

from dataclasses import dataclass

from accounts.enums import Civility
from common.actor import Role
from territories.enums import CollectivityKind

_ALL = frozenset(CollectivityKind.values)
#: Overseas, the same kind holds communes and collectivities that have a president.
_TOWN_HALLS = frozenset({CollectivityKind.COMMUNE.value, CollectivityKind.OVERSEAS.value})
_PRESIDED = _ALL - {CollectivityKind.COMMUNE.value}


@dataclass(frozen=True, slots=True)
class Function:
    code: str
    label: str
    feminine: str
    masculine: str
    role: Role
    kinds: frozenset[str]
    heads: bool = False

    def wording(self, civility: str) -> str:
        """The words stored and shown: « adjointe au maire », or both when the civility is not known."""
        if civility == Civility.MADAME:
            return self.feminine
        if civility == Civility.MONSIEUR:
            return self.masculine
        return self.label[0].lower() + self.label[1:]


FUNCTIONS: dict[str, Function] = {
    function.code: function
    for function in (
        Function("maire", "Maire", "maire", "maire", Role.OFFICIAL, _TOWN_HALLS, heads=True),
        Function(
            "adjoint",
            "Adjointe ou adjoint au maire",
            "adjointe au maire",
            "adjoint au maire",
            Role.OFFICIAL,
            _TOWN_HALLS,
        ),
        Function(
            "president", "Présidente ou président", "présidente", "président", Role.OFFICIAL, _PRESIDED, heads=True
        ),
        Function(
            "vice-president",
            "Vice-présidente ou vice-président",
            "vice-présidente",
            "vice-président",
            Role.OFFICIAL,
            _PRESIDED,
        ),
        Function(
            "secretaire",
            "Secrétaire générale ou secrétaire général de mairie",
            "secrétaire générale de mairie",
            "secrétaire général de mairie",
            Role.SECRETARY,
            _TOWN_HALLS,
        ),
        Function(
            "dgs",
            "Directrice générale ou directeur général des services",
            "directrice générale des services",
            "directeur général des services",
            Role.SECRETARY,
            _ALL,
        ),
        Function(
            "agent",
            "Autre agente ou agent de la collectivité",
            "agente de la collectivité",
            "agent de la collectivité",
            Role.SECRETARY,
            _ALL,
        ),
    )
}

#: Wordings of the functions that head a collectivity, in lower case.
HEAD_WORDINGS: frozenset[str] = frozenset(
    wording
    for function in FUNCTIONS.values()
    if function.heads
    for wording in (function.feminine, function.masculine, function.wording(""))
)
