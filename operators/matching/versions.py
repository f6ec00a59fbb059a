"""Which version of the rules is which: each is known by a digest of its tables, so that nobody changes them unnoticed.

The digest holds what the tables say, not the words of their sentences, nor how ``reading`` runs them: that is held by
the golden files and by the comparison of both executions.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from operators.matching import evidence, weights
from operators.matching.criteria import CRITERIA, VERDICTS
from operators.matching.engine import FAMILY_ORDER, ON_THEME, RULES_VERSION
from operators.matching.reading import LEVELS
from operators.matching.recommend import KINDS
from operators.matching.vocabulary import FAMILY

#: Version → digest of its tables. A line is added with each version; none is changed: assessments quote theirs.
DIGESTS: Mapping[int, str] = {
    1: "8f25232c39134fa760664e56bc561341fa93de0d83eb982bd976e1b540092f38",
}


def tables() -> dict[str, Any]:
    """What a version is: criteria in their order, verdicts, points, precedence, thresholds of the evidence."""
    return {
        "criteria": [(each.key, each.concern, repr(each.rule)) for each in CRITERIA],
        "verdicts": sorted(VERDICTS.items()),
        "on_theme": sorted(ON_THEME),
        "levels": LEVELS,
        "reasons": sorted(weights.REASONS.items()),
        "main_theme": weights.MAIN_THEME,
        "prices": sorted(weights.PRICE.items()),
        "freshness": weights.FRESHNESS,
        "delay": weights.DELAY,
        "agreed_beforehand": weights.AGREED_BEFOREHAND,
        "precedence": FAMILY_ORDER,
        "families": sorted(FAMILY.items()),
        "kinds": [(family or "", kind) for family, kind in KINDS.items()],
        "many_themes": evidence.MANY_THEMES,
        "several": evidence.SEVERAL,
        "complexity_signs": sorted(evidence.COMPLEXITY_SIGNS),
        "fragility": [
            (fact.key, fact.codes, sorted(fact.signs) if fact.signs is not None else None, fact.unit)
            for fact in evidence.FRAGILITY_FACTS
        ],
    }


def digest() -> str:
    """SHA-256 of the tables that run."""
    return hashlib.sha256(json.dumps(tables(), ensure_ascii=False).encode()).hexdigest()


def current() -> tuple[int, str]:
    """The version that runs, and its digest as it was written down."""
    return RULES_VERSION, DIGESTS[RULES_VERSION]
