"""Every line of ``cases.txt``, asked of both executions of the rules, on the real territories."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from operators.matching import setwise
from operators.matching.criteria import BY_KEY, VERDICTS, Reason, Verdict
from operators.matching.engine import match
from operators.matching.facts import Area, Facts, OfferRecord, ZoningFact
from operators.territory_facts import facts_of
from programmes import seeds as programmes_seeds
from territories.models import Collectivity, CollectivityDepartment, FormerCode
from tests.operators.factories import TODAY, record
from tests.operators.test_setwise import asked

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).parent / "cases.txt"
FITS, ASKS, SET_ASIDE = "convient", "à vérifier", "écartée"
LEVELS = {"reg": "region", "dep": "department", "arr": "arrondissement", "epci": "epci", "com": "commune"}
SETS = {"thèmes": "themes", "sujets": "subjects", "services": "services", "types": "engineering_types",
        "phases": "phases", "natures": "body_kinds", "prog": "programmes_required"}  # fmt: skip
MEMBER_OF = frozenset({"atd-04"})


class Case(NamedTuple):
    line: int
    body: str
    need: str
    facts: str
    offer: str
    answer: str
    criterion: str
    reason: str


def cases() -> Iterator[Case]:
    for number, line in enumerate(TABLE.read_text().splitlines(), start=1):
        if line and not line.startswith("#"):
            yield Case(number, *(cell.strip() for cell in line.split("|")))


CASES = list(cases())


@pytest.fixture
def bodies() -> dict[str, Collectivity]:
    """Each body of the table, and one invented: no official file holds a PETR."""
    programmes_seeds.seed_demo()
    codes = {case.body for case in CASES}
    found = {body.code: body for body in Collectivity.objects.filter(code__in=codes, is_current=True)}
    former = FormerCode.objects.filter(code__in=codes - found.keys()).select_related("collectivity")
    found |= {line.code: line.collectivity for line in former}
    for number, code in enumerate(sorted(code for code in codes if code.startswith("petr:"))):
        departments = code.removeprefix("petr:").split(",")
        found[code] = Collectivity.objects.create(
            kind="petr", code=f"99900099{number}", name="PETR", department_id=departments[0], fictitious=True
        )
        CollectivityDepartment.objects.bulk_create(
            CollectivityDepartment(collectivity=found[code], department_id=each, is_lead=each == departments[0])
            for each in departments
        )
    return found


def tokens(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        name, _, value = word.partition("=")
        yield name, value


def facts_for(case: Case, body: Collectivity) -> Facts:
    told: dict[str, Any] = {}
    on = TODAY
    need, *words = case.need.split()
    themes, _, subject = need.partition("/")
    told["themes"] = () if themes == "-" else tuple(themes.split(","))
    told["subjects"] = (subject,) if subject else ()
    for name, value in tokens(" ".join(words)):
        several = frozenset(value.split(","))
        told |= {"phase": {"phase": value}, "service": {"services": several}, "type": {"engineering_types": several}}[
            name
        ]
    for name, value in tokens(case.facts):
        match name:
            case "pop":
                others = [people for people in body.populations.values() if people != body.population]
                told["population"] = None if value == "?" else others[0] if value == "fichier" else int(value)
            case "prog?":
                told["programmes_unknown"] = frozenset(value.split(","))
            case "adhère":
                told["member_of"] = MEMBER_OF
            case "n’adhère-pas":
                told["not_member_of"] = MEMBER_OF
            case "le":
                on = dt.date.fromisoformat(value)
            case "qpv" | "frr":
                held = facts_of(body, on).zonings
                zoning = ZoningFact(code=name, label=name, value=value, holds=value != "non")
                told["zonings"] = {**held, name: zoning}
            case _:
                raise ValueError(f"line {case.line}: {name}")
    return facts_of(body, on, **told)


def offer_for(case: Case) -> OfferRecord:
    told: dict[str, Any] = {}
    areas: list[Area] = []
    for name, value in tokens(case.offer):
        bare = name.removeprefix("-")
        if name == "nation":
            areas.append(Area("nation", "FR"))
        elif bare in LEVELS:
            areas += [Area(LEVELS[bare], code, name != bare) for code in value.split(",")]
        elif name in SETS:
            told[SETS[name]] = frozenset(value.split(","))
        elif name == "zonages":
            told["zonings_required"] = frozenset(value.split(","))
        elif name == "pop":
            low, high = value.split("..")
            told |= {"population_min": int(low) if low else None, "population_max": int(high) if high else None}
        elif name == "adhésion":
            told |= {"membership_required": True, "membership_label": "adhésion"}
        elif name in {"du", "au"}:
            told["valid_from" if name == "du" else "valid_to"] = dt.date.fromisoformat(value)
        elif name == "reste":
            told["capacity_left"] = int(value)
        elif name == "état":
            told["status"] = value
        else:
            raise ValueError(f"line {case.line}: {name}")
    return record(**{"id": case.line, "code": f"cas-{case.line}", "coverage": tuple(areas), **told})


def test_the_table_is_a_table() -> None:
    assert len(CASES) >= 138
    assert {case.answer for case in CASES} == {FITS, ASKS, SET_ASIDE}
    assert {case.criterion for case in CASES} == set(BY_KEY), "each criterion decides somewhere"
    unsaid = set(Reason) - {Reason(case.reason) for case in CASES}
    assert unsaid == {Reason.THEME_ANY, Reason.BODY_KIND_UNKNOWN}, "a published offer has a theme, a body its kind"
    asked_of = [(*case[1:5], case.criterion) for case in CASES]
    assert len(set(asked_of)) == len(asked_of), "no line twice"
    for case in CASES:
        failed = VERDICTS[Reason(case.reason)] is Verdict.FAILED
        assert failed == (case.answer == SET_ASIDE), case


def test_the_engine_answers_as_the_table_says(bodies: dict[str, Collectivity]) -> None:
    wrong = []
    for case in CASES:
        found = match(facts_for(case, bodies[case.body]), [offer_for(case)])
        if found.candidates:
            [candidate] = found.candidates
            reading = next(each for each in candidate.readings if each.criterion == case.criterion)
            answer = (ASKS if candidate.questions else FITS, case.criterion, reading.reason.value)
        elif found.misses:
            first = found.misses[0].first
            answer = (SET_ASIDE, first.criterion, first.reason.value)
        else:
            answer = (SET_ASIDE, "territory", Reason.TERRITORY_OUTSIDE.value)
        if answer != case[5:]:
            wrong.append((case, answer))
    assert not wrong


def test_sql_answers_as_the_table_says(bodies: dict[str, Collectivity]) -> None:
    """All the lines at once; a pair that is not there is an offer that holds elsewhere."""
    needs = [facts_for(case, bodies[case.body]) for case in CASES]
    offers = tuple(offer_for(case) for case in CASES)
    rows = {(row["need"], row["offer"]): row for row in asked(setwise.pairs, needs, offers)}
    wrong = []
    for at, case in enumerate(CASES):
        row = rows.get((at, case.line))
        if row is None:
            answer = (SET_ASIDE, "territory", Reason.TERRITORY_OUTSIDE.value)
        elif row["failed"]:
            answer = (SET_ASIDE, row["failed"], row[row["failed"]])
        else:
            answer = (ASKS if row["asks"] else FITS, case.criterion, row[case.criterion])
        if answer != case[5:]:
            wrong.append((case, answer))
    assert not wrong
