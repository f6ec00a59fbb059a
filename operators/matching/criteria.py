"""The criteria of the catalogue, as literal data: which column of an offer is held against which fact, and how.

A criterion is a row of :data:`CRITERIA`; its rule is one of a few closed shapes, so that the same rows can be read by
a jurist and run (``engine``). Each shape answers by a reason code; :data:`VERDICTS` says
what each code means (met, failed, unknown, not applicable). Both tables are total: a missing case raises.

Source: DOMAIN 4.5 (what is compared), PRACTICE 1.12 (unknown is not false), 3.6 (catalogue).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    MET = "met"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Concern(enum.StrEnum):
    """Whom a question is about, when the answer is not known."""

    NEED = "need"  # the request itself: asked once, whatever the number of offers
    BODY = "body"  # the collectivity: asked for this offer
    OFFER = "offer"  # the offer: nothing to ask


class Reason(enum.StrEnum):
    """Why a criterion is met, failed, unknown or not applicable. Values are stored with assessments: never reused."""

    COVERS_COMMUNE = "covers_commune"
    COVERS_EPCI = "covers_epci"
    COVERS_ARRONDISSEMENT = "covers_arrondissement"
    COVERS_DEPARTMENT = "covers_department"
    COVERS_REGION = "covers_region"
    COVERS_NATION = "covers_nation"
    COVERS_PART = "covers_part"
    TERRITORY_EXCLUDED = "territory_excluded"
    TERRITORY_OUTSIDE = "territory_outside"

    PUBLISHED = "published"
    NOT_PUBLISHED = "not_published"

    PERMANENT = "permanent"
    VALID = "valid"
    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"

    THEME_MET = "theme_met"
    THEME_OTHER = "theme_other"
    THEME_UNKNOWN = "theme_unknown"
    THEME_ANY = "theme_any"

    SUBJECT_MET = "subject_met"
    SUBJECT_OTHER = "subject_other"
    SUBJECT_UNKNOWN = "subject_unknown"
    SUBJECT_ANY = "subject_any"

    BODY_KIND_MET = "body_kind_met"
    BODY_KIND_OTHER = "body_kind_other"
    BODY_KIND_UNKNOWN = "body_kind_unknown"
    BODY_KIND_ANY = "body_kind_any"

    POPULATION_MET = "population_met"
    POPULATION_BELOW = "population_below"
    POPULATION_ABOVE = "population_above"
    POPULATION_UNKNOWN = "population_unknown"
    POPULATION_ANY = "population_any"

    PROGRAMME_MET = "programme_met"
    PROGRAMME_OTHER = "programme_other"
    PROGRAMME_UNKNOWN = "programme_unknown"
    PROGRAMME_ANY = "programme_any"

    ZONING_MET = "zoning_met"
    ZONING_OTHER = "zoning_other"
    ZONING_UNKNOWN = "zoning_unknown"
    ZONING_ANY = "zoning_any"

    ENGINEERING_MET = "engineering_met"
    ENGINEERING_OTHER = "engineering_other"
    ENGINEERING_UNKNOWN = "engineering_unknown"
    ENGINEERING_ANY = "engineering_any"

    SERVICE_MET = "service_met"
    SERVICE_OTHER = "service_other"
    SERVICE_UNKNOWN = "service_unknown"
    SERVICE_ANY = "service_any"

    PHASE_MET = "phase_met"
    PHASE_OTHER = "phase_other"
    PHASE_UNKNOWN = "phase_unknown"
    PHASE_ANY = "phase_any"

    MEMBER = "member"
    NOT_MEMBER = "not_member"
    MEMBERSHIP_UNKNOWN = "membership_unknown"
    MEMBERSHIP_NOT_NEEDED = "membership_not_needed"

    CAPACITY_LEFT = "capacity_left"
    CAPACITY_FULL = "capacity_full"
    CAPACITY_UNLIMITED = "capacity_unlimited"


#: What each reason means. Total over :class:`Reason` (tested).
VERDICTS: Mapping[Reason, Verdict] = {
    Reason.COVERS_COMMUNE: Verdict.MET,
    Reason.COVERS_EPCI: Verdict.MET,
    Reason.COVERS_ARRONDISSEMENT: Verdict.MET,
    Reason.COVERS_DEPARTMENT: Verdict.MET,
    Reason.COVERS_REGION: Verdict.MET,
    Reason.COVERS_NATION: Verdict.MET,
    Reason.COVERS_PART: Verdict.UNKNOWN,
    Reason.TERRITORY_EXCLUDED: Verdict.FAILED,
    Reason.TERRITORY_OUTSIDE: Verdict.FAILED,
    Reason.PUBLISHED: Verdict.MET,
    Reason.NOT_PUBLISHED: Verdict.FAILED,
    Reason.PERMANENT: Verdict.NOT_APPLICABLE,
    Reason.VALID: Verdict.MET,
    Reason.NOT_OPEN_YET: Verdict.FAILED,
    Reason.CLOSED: Verdict.FAILED,
    Reason.THEME_MET: Verdict.MET,
    Reason.THEME_OTHER: Verdict.FAILED,
    Reason.THEME_UNKNOWN: Verdict.UNKNOWN,
    Reason.THEME_ANY: Verdict.NOT_APPLICABLE,
    Reason.SUBJECT_MET: Verdict.MET,
    Reason.SUBJECT_OTHER: Verdict.FAILED,
    Reason.SUBJECT_UNKNOWN: Verdict.UNKNOWN,
    Reason.SUBJECT_ANY: Verdict.NOT_APPLICABLE,
    Reason.BODY_KIND_MET: Verdict.MET,
    Reason.BODY_KIND_OTHER: Verdict.FAILED,
    Reason.BODY_KIND_UNKNOWN: Verdict.UNKNOWN,
    Reason.BODY_KIND_ANY: Verdict.NOT_APPLICABLE,
    Reason.POPULATION_MET: Verdict.MET,
    Reason.POPULATION_BELOW: Verdict.FAILED,
    Reason.POPULATION_ABOVE: Verdict.FAILED,
    Reason.POPULATION_UNKNOWN: Verdict.UNKNOWN,
    Reason.POPULATION_ANY: Verdict.NOT_APPLICABLE,
    Reason.PROGRAMME_MET: Verdict.MET,
    Reason.PROGRAMME_OTHER: Verdict.FAILED,
    Reason.PROGRAMME_UNKNOWN: Verdict.UNKNOWN,
    Reason.PROGRAMME_ANY: Verdict.NOT_APPLICABLE,
    Reason.ZONING_MET: Verdict.MET,
    Reason.ZONING_OTHER: Verdict.FAILED,
    Reason.ZONING_UNKNOWN: Verdict.UNKNOWN,
    Reason.ZONING_ANY: Verdict.NOT_APPLICABLE,
    Reason.ENGINEERING_MET: Verdict.MET,
    Reason.ENGINEERING_OTHER: Verdict.FAILED,
    Reason.ENGINEERING_UNKNOWN: Verdict.UNKNOWN,
    Reason.ENGINEERING_ANY: Verdict.NOT_APPLICABLE,
    Reason.SERVICE_MET: Verdict.MET,
    Reason.SERVICE_OTHER: Verdict.FAILED,
    Reason.SERVICE_UNKNOWN: Verdict.UNKNOWN,
    Reason.SERVICE_ANY: Verdict.NOT_APPLICABLE,
    Reason.PHASE_MET: Verdict.MET,
    Reason.PHASE_OTHER: Verdict.FAILED,
    Reason.PHASE_UNKNOWN: Verdict.UNKNOWN,
    Reason.PHASE_ANY: Verdict.NOT_APPLICABLE,
    Reason.MEMBER: Verdict.MET,
    Reason.NOT_MEMBER: Verdict.FAILED,
    Reason.MEMBERSHIP_UNKNOWN: Verdict.UNKNOWN,
    Reason.MEMBERSHIP_NOT_NEEDED: Verdict.NOT_APPLICABLE,
    Reason.CAPACITY_LEFT: Verdict.MET,
    Reason.CAPACITY_FULL: Verdict.FAILED,
    Reason.CAPACITY_UNLIMITED: Verdict.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The offer's areas against the body's, level by level, the most exact first; exclusions win."""

    offer: str
    fact: str


@dataclass(frozen=True, slots=True)
class Equals:
    """A column of the offer has one value."""

    offer: str
    value: str
    met: Reason
    failed: Reason


@dataclass(frozen=True, slots=True)
class Period:
    """The day lies between two dates, both included; without dates the offer is permanent."""

    start: str
    end: str
    fact: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """A set of the offer (empty: no restriction) and a fact, one value or several, have something in common.

    ``perhaps`` names the fact that lists what is not known: meeting it makes the answer unknown rather than failed.
    """

    offer: str
    fact: str
    met: Reason
    failed: Reason
    unknown: Reason
    unrestricted: Reason
    perhaps: str = ""
    #: A fact that is an empty set says « none », not « unknown » (programmes: membership lists are complete).
    empty_is_known: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """A number lies between two bounds of the offer, both included, each optional."""

    low: str
    high: str
    fact: str


@dataclass(frozen=True, slots=True)
class Zonings:
    """The body lies in one of the zonings required, written ``CODE`` or ``CODE=value``; a missing zoning is unknown."""

    offer: str
    fact: str


@dataclass(frozen=True, slots=True)
class Membership:
    """The offer is for members of its provider, and the body is one, is not one, or nobody has said."""

    required: str
    provider: str
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """A counter of the offer is not at zero; without counter there is no declared limit."""

    offer: str


Rule = Coverage | Equals | Period | Overlap | Interval | Zonings | Membership | Remaining


@dataclass(frozen=True, slots=True)
class Criterion:
    key: str
    label: str
    concern: Concern
    rule: Rule


#: In the order in which they are applied: « first failed criterion » is the first of this list.
CRITERIA: tuple[Criterion, ...] = (
    Criterion("territory", "Territoire", Concern.BODY, Coverage("coverage", "areas")),
    Criterion(
        "status",
        "Publication",
        Concern.OFFER,
        Equals("status", "published", met=Reason.PUBLISHED, failed=Reason.NOT_PUBLISHED),
    ),
    Criterion("validity", "Validité", Concern.OFFER, Period("valid_from", "valid_to", "on")),
    Criterion(
        "theme",
        "Thème",
        Concern.NEED,
        Overlap("themes", "themes", Reason.THEME_MET, Reason.THEME_OTHER, Reason.THEME_UNKNOWN, Reason.THEME_ANY),
    ),
    Criterion(
        "subject",
        "Sujet",
        Concern.NEED,
        Overlap(
            "subjects",
            "subjects",
            Reason.SUBJECT_MET,
            Reason.SUBJECT_OTHER,
            Reason.SUBJECT_UNKNOWN,
            Reason.SUBJECT_ANY,
        ),
    ),
    Criterion(
        "body_kind",
        "Nature de la collectivité",
        Concern.BODY,
        Overlap(
            "body_kinds",
            "kind",
            Reason.BODY_KIND_MET,
            Reason.BODY_KIND_OTHER,
            Reason.BODY_KIND_UNKNOWN,
            Reason.BODY_KIND_ANY,
        ),
    ),
    Criterion("population", "Population", Concern.BODY, Interval("population_min", "population_max", "population")),
    Criterion(
        "programme",
        "Programme",
        Concern.BODY,
        Overlap(
            "programmes_required",
            "programmes",
            Reason.PROGRAMME_MET,
            Reason.PROGRAMME_OTHER,
            Reason.PROGRAMME_UNKNOWN,
            Reason.PROGRAMME_ANY,
            perhaps="programmes_unknown",
            empty_is_known=True,
        ),
    ),
    Criterion("zoning", "Zonage", Concern.BODY, Zonings("zonings_required", "zonings")),
    Criterion(
        "engineering",
        "Type d’ingénierie",
        Concern.NEED,
        Overlap(
            "engineering_types",
            "engineering_types",
            Reason.ENGINEERING_MET,
            Reason.ENGINEERING_OTHER,
            Reason.ENGINEERING_UNKNOWN,
            Reason.ENGINEERING_ANY,
        ),
    ),
    Criterion(
        "service",
        "Service attendu",
        Concern.NEED,
        Overlap(
            "services",
            "services",
            Reason.SERVICE_MET,
            Reason.SERVICE_OTHER,
            Reason.SERVICE_UNKNOWN,
            Reason.SERVICE_ANY,
        ),
    ),
    Criterion(
        "phase",
        "Avancement du projet",
        Concern.NEED,
        Overlap("phases", "phase", Reason.PHASE_MET, Reason.PHASE_OTHER, Reason.PHASE_UNKNOWN, Reason.PHASE_ANY),
    ),
    Criterion(
        "membership",
        "Adhésion",
        Concern.BODY,
        Membership("membership_required", "provider_code", yes="member_of", no="not_member_of"),
    ),
    Criterion("capacity", "Disponibilité", Concern.OFFER, Remaining("capacity_left")),
)

BY_KEY: Mapping[str, Criterion] = {criterion.key: criterion for criterion in CRITERIA}
