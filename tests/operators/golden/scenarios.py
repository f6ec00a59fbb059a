"""Three places, three small catalogues: what goes in. What must come out lies beside, read by people and committed.

``<name>.json`` is the assessment as it is frozen, ``<name>.txt`` what an agent or a mayor reads of it. After a change
of rules, ``python -m tests.operators.golden.scenarios`` writes them again: read the difference line by line.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from operators.matching.facts import Area, Facts, OfferRecord, ZoningFact
from operators.matching.reasons import Voice, evidence_sentence, headline, sentence, short_label
from operators.matching.recommend import Assessment, assess
from tests.operators.factories import AREAS

HERE = Path(__file__).parent
DAY = dt.date(2026, 11, 21)


class Scenario(NamedTuple):
    facts: Facts
    offers: list[OfferRecord]
    outside: int
    voice: Voice


def days(number: int) -> dt.date:
    return DAY + dt.timedelta(days=number)


def offer(number: int, code: str, kind: str, provider: str, themes: str, *areas: Area, **more: Any) -> OfferRecord:
    """Sets are written as words separated by spaces."""
    sets = ("subjects", "services", "phases", "body_kinds", "engineering_types", "programmes_required")
    sets += ("zonings_required",)
    given = {name: frozenset(value.split()) if name in sets else value for name, value in more.items()}
    values: dict[str, Any] = {
        "id": number,
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "code": code,
        "title": code.replace("-", " ").capitalize(),
        "provider_code": provider.lower().replace(" ", "-"),
        "provider_name": provider,
        "provider_kind": kind,
        "coverage": areas,
        "themes": frozenset(themes.split()),
        "status": "published",
        "price_model": "free",
        "legal_mode": "free_by_right",
        "price_label": "Sans frais pour vous",
    }
    return OfferRecord(**{**values, **given})


ALPES = Area("department", "04")
PACA = Area("region", "93")
FRANCE = Area("nation", "FR")

#: A village of 611 inhabitants that keeps its last shop and mends empty houses; nearly everything is known.
MEZEL = Facts(
    on=DAY,
    kind="commune",
    code="04121",
    name="Mézel",
    areas=AREAS,
    population=611,
    population_vintage=2023,
    population_column="municipal",
    programmes=frozenset({"VA"}),
    programmes_unknown=frozenset({"PVD"}),
    zonings={
        "frr": ZoningFact(code="frr", label="FRR", value="FRR+", holds=True, source="Arrêté", vintage="2024"),
        "qpv": ZoningFact(code="qpv", label="QPV", value="non", holds=False, source="ANCT", vintage="2024"),
        "densite": ZoningFact(
            code="densite", label="Densité", value="Rural à habitat très dispersé", holds=True, source="Insee"
        ),
        "revenu_median": ZoningFact(
            code="revenu_median", label="Revenu", value="20940", number=20940.0, source="Insee", vintage="2021"
        ),
        "chomage": ZoningFact(code="chomage", label="Chômage", value="8.4", number=8.4, source="Insee", vintage="2025"),
    },
    themes=("COM", "LOG"),
    subjects=("commerce", "logements-vacants"),
    services=frozenset({"feasibility", "expertise"}),
    engineering_types=frozenset({"technical"}),
    phase="framing",
    member_of=frozenset({"ingénierie-04"}),
    not_member_of=frozenset({"agence-d’urbanisme"}),
    commune_count=1,
    partner_count=3,
    complexity_signs=frozenset({"heritage", "legal_setup"}),
)

MEZEL_OFFERS = [
    # 30 department + 12 subject + 6 service + 6 programme + 4 zoning + 4 member + 10 main theme + 10 price + 5 verified
    # at most 180 days ago + 5 delay of 15 days + 3 agreed beforehand = 95; everything that it asks for is met
    offer(
        1, "etude-de-faisabilite", "technical_agency", "Ingénierie 04", "COM LOG", ALPES,
        subjects="logements-vacants commerce artisanat", services="feasibility programming", phases="framing emergence",
        body_kinds="commune epci", engineering_types="technical legal", population_max=3499, membership_required=True,
        membership_label="adhésion à Ingénierie 04", programmes_required="VA ACV", zonings_required="frr=FRR+ qpv",
        price_model="membership", legal_mode="membership", price_label="Compris dans l’adhésion",
        valid_from=DAY, valid_to=DAY, capacity_left=2, delay_days=15, verified_on=days(-180), agreed_beforehand=True,
        illustrative=True,
    ),
    # 20 region + 6 service + 10 main theme + 15 free + 3 verified 365 days ago + 4 delay of 30 days = 58
    offer(2, "conseil-aux-communes", "caue", "CAUE", "COM", PACA, services="expertise", population_min=500,
          population_max=9999, delay_days=30, verified_on=days(-365)),
    # 45 EPCI - 10 programme unknown - 4 membership unknown + 6 price + 2 delay of 60 days = 39: LOG is not the main one
    offer(3, "habitat-vacant", "petr", "Pays dignois", "LOG", Area("epci", "200067437"), programmes_required="PVD",
          membership_required=True, price_model="cofinanced", delay_days=60, verified_on=days(-366)),
    # 30 department + 10 main theme + 0 paid: slower than 60 days, verified one day too early, bounds included
    offer(4, "atelier-du-commerce", "chamber", "Chambre de commerce", "COM", ALPES, price_model="paid", delay_days=61,
          population_min=611, population_max=611),
    # the territory: excluded, and not covered
    offer(5, "hors-mezel", "caue", "CAUE", "COM", ALPES, Area("commune", "04121", excluded=True)),
    offer(6, "voisins", "caue", "CAUE", "COM", Area("department", "05")),
    # one criterion failed each, in the order of the table
    offer(7, "en-relecture", "caue", "CAUE", "COM", ALPES, status="in_review"),
    offer(8, "a-venir", "caue", "CAUE", "COM", ALPES, valid_from=days(1), valid_to=days(90)),
    offer(9, "finie", "caue", "CAUE", "COM", ALPES, valid_to=days(-1)),
    offer(10, "transition", "adil", "ADIL", "TER", ALPES),
    offer(11, "metiers-d-art", "chamber", "Chambre de métiers", "COM", ALPES, subjects="artisanat tourisme"),
    offer(12, "intercommunalites", "petr", "Pays dignois", "COM", ALPES, body_kinds="epci petr"),
    offer(13, "villes-moyennes", "caue", "CAUE", "COM", ALPES, population_min=612),
    offer(14, "hameaux", "caue", "CAUE", "COM", ALPES, population_max=610),
    offer(15, "coeur-de-ville", "caue", "CAUE", "COM", ALPES, programmes_required="ACV TI"),
    offer(16, "quartiers", "caue", "CAUE", "COM", ALPES, zonings_required="qpv"),
    offer(17, "droit", "caue", "CAUE", "COM", ALPES, engineering_types="legal financial"),
    offer(18, "concertation", "caue", "CAUE", "COM", ALPES, services="participation diagnosis"),
    offer(19, "chantiers", "caue", "CAUE", "COM", ALPES, phases="works operation"),
    offer(20, "atlas", "planning_agency", "Agence d’urbanisme", "COM", ALPES, membership_required=True),
    offer(21, "complet", "caue", "CAUE", "COM", ALPES, capacity_left=0),
    # two failed: further than any of the above; the national families are never counted as local
    offer(22, "deux-raisons", "caue", "CAUE", "TER", ALPES, capacity_left=0),
    offer(23, "centres-anciens", "operator", "Banque des Territoires", "COM LOG", FRANCE, price_model="free"),
    offer(24, "boutique", "agency", "Service de l’Agence", "COM", FRANCE, capacity_left=1),
    offer(25, "operateur-complet", "operator", "Cerema", "COM", FRANCE, capacity_left=0),
]  # fmt: skip

#: An EPCI over two departments of two regions: no local offer, an operator's with everything to ask.
SAVOIR_FAIRE = Facts(
    on=DAY,
    kind="epci",
    code="200070332",
    name="CC des Savoir-Faire",
    areas={
        "nation": frozenset({"FR"}),
        "region": frozenset({"27", "44"}),
        "department": frozenset({"52", "70"}),
        "epci": frozenset({"200070332"}),
    },
    programmes_unknown=frozenset({"VA"}),
    zonings={
        "frr": ZoningFact(code="frr", label="FRR", value="FRR socle", holds=True),
        "densite": ZoningFact(code="densite", label="Densité", value="Urbain dense", holds=True, vintage="2024"),
    },
    themes=("LOG", "TER", "CUL"),
    commune_count=22,
    complexity_signs=frozenset({"risks", "innovation"}),
)

ASKING = {
    "subjects": "logements-vacants",
    "services": "diagnosis",
    "phases": "framing",
    "engineering_types": "technical",
    "programmes_required": "VA PVD",
    "zonings_required": "qpv frr=FRR+",
    "membership_required": True,
    "population_max": 14999,
}
SAVOIR_FAIRE_OFFERS = [
    offer(31, "ville-la-grande", "caue", "CAUE 52", "LOG", Area("department", "52"), population_min=20000,
          body_kinds="commune"),
    offer(32, "energie", "energy_syndicate", "Syndicat 70", "NUM", FRANCE, Area("department", "70", excluded=True)),
    # -5 part - 8 population - 10 programme - 10 zoning - 5 subject - 4 membership - 1 each of type, service, phase
    # + 10 main theme + 15 free = -20
    offer(33, "renovation", "operator", "Anah", "LOG TER", Area("department", "52"), Area("region", "44"), **ASKING),
    # 10 nation + 15 free: TER is not the main theme
    offer(34, "falaises", "operator", "Cerema", "TER CUL", FRANCE),
    offer(35, "fabrique", "agency", "Fabrique prospective", "LOG TER CUL", FRANCE),
]  # fmt: skip

#: A region of which nothing is known, not even its theme, and no offer but the agency's.
AREAS = {"region": frozenset({"04"}), "department": frozenset({"974"})}
REUNION = Facts(on=DAY, kind="region", code="04", name="La Réunion", areas=AREAS)

SCENARIOS = {
    "mezel": Scenario(MEZEL, MEZEL_OFFERS, 12, Voice.FILE),
    "savoir-faire": Scenario(SAVOIR_FAIRE, SAVOIR_FAIRE_OFFERS, 0, Voice.YOURS),
    "reunion": Scenario(
        REUNION,
        [offer(41, "incubateur", "agency", "Incubateur", "NUM", Area("region", "04"), population_min=5000)],
        0,
        Voice.YOURS,
    ),
    "nothing": Scenario(dataclasses.replace(REUNION, themes=("NUM",)), [], 0, Voice.FILE),
}


def assessed(name: str) -> Assessment:
    scenario = SCENARIOS[name]
    return assess(scenario.facts, scenario.offers, outside=scenario.outside)


def frozen(name: str) -> str:
    return json.dumps(assessed(name).as_dict(), ensure_ascii=False, indent=1) + "\n"


def said(name: str) -> str:
    """Everything that is said of an assessment, in the order of the page."""
    return "\n".join(_said(assessed(name), SCENARIOS[name])) + "\n"


def _said(assessment: Assessment, scenario: Scenario) -> Iterator[str]:
    kind, voice = scenario.facts.kind, scenario.voice
    yield headline(assessment.recommendation)
    yield short_label(assessment.recommendation)
    for line in assessment.recommendation.lines:
        yield f"  {line.part} : {line.candidate.offer.title} — {', '.join(sorted(line.covers)) or 'rien de certain'}"
    for candidate in assessment.matching.candidates:
        yield f"\n{candidate.offer.title} ({candidate.offer.provider_name}), {candidate.score} points"
        for reading in candidate.readings:
            text = sentence(reading.reason, reading.args, kind=kind, voice=voice)
            yield f"  {reading.verdict:<15}{reading.concern:<6}{text}"
    yield "\nÉcartées"
    for miss in assessment.matching.misses:
        text = " ; ".join(sentence(each.reason, each.args, kind=kind, voice=voice) for each in miss.failed)
        yield f"  {miss.offer.title} : {text}"
    for motive, lines in assessment.evidence.items():
        yield f"\n{motive}"
        for evidence in lines:
            holds = {True: "oui", False: "non", None: "?"}[evidence.holds]
            origin = " ".join(filter(None, [evidence.source, evidence.vintage]))
            text = evidence_sentence(evidence.code, evidence.args, kind=kind)
            yield f"  {holds:<4}{text}{f' [{origin}]' if origin else ''}"


if __name__ == "__main__":
    for each in SCENARIOS:
        (HERE / f"{each}.json").write_text(frozen(each))
        (HERE / f"{each}.txt").write_text(said(each))
