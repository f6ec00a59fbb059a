"""The demonstration's files against the demonstration's catalogue: what the engine proposes for each, on its day.

The story may end otherwise (a deputy decides); what is proposed must be what the story needs to begin with.
"""

import datetime as dt
from typing import NamedTuple

import pytest

from operators.catalogue import assess_body
from operators.matching.reasons import headline, short_label
from territories.models import Collectivity

NB = "\u00a0"
LOCAL, NATIONAL = "LOCAL_OFFER", "NATIONAL_ESCALATION"


class Case(NamedTuple):
    file: str
    body: str
    on: str
    themes: str
    subject: str
    services: str
    kind: str
    label: str


# fmt: off
CASES = (
    Case("D01", "04121", "2026-05-05", "COM", "commerce", "feasibility expertise", LOCAL,
         f"Locale{NB}: chambre + agence technique"),
    Case("D02", "200069060", "2025-06-17", "TER", "risques", "strategy project_management", NATIONAL,
         f"Opérateur{NB}: Cerema"),
    Case("D03", "200070332", "2025-10-14", "LOG", "logements-vacants", "", NATIONAL, f"Opérateur{NB}: Anah"),
    Case("D04", "43112", "2026-06-02", "COM", "commerce", "", NATIONAL, f"Opérateur{NB}: Banque des Territoires"),
    Case("D05", "38061", "2026-04-14", "JES", "ecole", "programming", NATIONAL, "Aucune offre locale"),
    Case("D08", "12089", "2025-04-15", "DEV", "friche", "", NATIONAL, f"Opérateur{NB}: Cerema"),
    Case("D09", "08409", "2025-11-18", "PAR", "participation", "", NATIONAL, f"Opérateur{NB}: ANRU"),
    Case("D10", "97353", "2025-05-27", "NUM", "sante", "", NATIONAL, "Aucune offre locale"),
    Case("D11", "97421", "2026-03-31", "CUL", "tourisme", "", LOCAL, f"Locale{NB}: CAUE"),
    Case("D14", "70526", "2025-07-22", "LOG", "logements-vacants", "", NATIONAL, f"Opérateur{NB}: Anah"),
    Case("D15 filed", "71176", "2025-02-04", "COM", "commerce", "", NATIONAL, f"Opérateur{NB}: Banque des Territoires"),
    Case("D15 sent back", "71176", "2025-04-08", "COM", "commerce", "", LOCAL, f"Locale{NB}: agence technique"),
    Case("D16", "04134", "2026-09-17", "JES", "petite-enfance", "", LOCAL, f"Locale{NB}: agence technique"),
    Case("D17", "200006930", "2026-06-16", "PDT", "projet-territoire", "programming", NATIONAL, "Aucune offre locale"),
    Case("D18", "15117", "2026-01-13", "NUM", "outils-numeriques", "", NATIONAL,
         f"Agence{NB}: Incubateur des territoires"),
    Case("D19", "23030", "2025-01-21", "COM", "commerce", "", NATIONAL, f"Opérateur{NB}: Banque des Territoires"),
    Case("D20", "29155", "2025-02-18", "LOG", "logement-aines-actifs", "", LOCAL, f"Locale{NB}: ADIL"),
    Case("Le Prêcheur", "97219", "2026-11-20", "TER", "risques", "", NATIONAL, f"Opérateur{NB}: Cerema"),
    Case("Barrême", "04022", "2026-11-09", "PAR", "participation", "", LOCAL, f"Locale{NB}: CAUE"),
    Case("Anjoutey", "90003", "2026-11-10", "CUL", "tourisme", "", LOCAL, f"Locale{NB}: agence d’urbanisme"),
    Case("Sarre-Union", "67434", "2026-11-10", "DEV", "zone-activite", "", LOCAL, f"Locale{NB}: chambre"),
    Case("Chirongui", "97606", "2026-11-10", "TER", "eau", "", LOCAL, f"Locale{NB}: service de l’État"),
    Case("Venaco", "2B341", "2026-11-10", "TER", "risques", "", LOCAL, f"Locale{NB}: service de l’État"),
    Case("Serre-Ponçon", "200067320", "2026-11-10", "LOG", "logements-vacants", "", LOCAL, f"Locale{NB}: ADIL"),
    Case("Lavelanet", "09160", "2026-01-10", "DEV", "zone-activite", "", LOCAL, f"Locale{NB}: chambre"),
)
# fmt: on


@pytest.mark.django_db
def test_the_engine_proposes_what_the_stories_need(catalogue: None) -> None:
    bodies = {body.code: body for body in Collectivity.objects.filter(code__in={case.body for case in CASES})}
    wrong = []
    for case in CASES:
        recommendation = assess_body(
            bodies[case.body],
            dt.date.fromisoformat(case.on),
            themes=(case.themes,),
            subjects=(case.subject,),
            services=frozenset(case.services.split()),
        ).recommendation
        found = (recommendation.kind.value, short_label(recommendation))
        if found != (case.kind, case.label):
            wrong.append((case.file, found))
    assert not wrong


@pytest.mark.django_db
def test_mezel_reads_the_sentence_of_the_screens(catalogue: None) -> None:
    mezel = Collectivity.objects.get(code="04121")
    need = {"themes": ("COM",), "subjects": ("commerce",), "services": frozenset({"feasibility", "expertise"})}
    assessment = assess_body(mezel, dt.date(2026, 5, 5), **need)
    assert headline(assessment.recommendation) == "Deux offres locales conviennent. Aucune ne suffit seule."
    [membership] = assessment.matching.candidates[1].questions
    assert membership.args["label"] == "adhésion à Ingénierie et territoires 04"
    fragility = assessment.evidence["fragility"]  # type: ignore[index]
    assert fragility[0].args["value"] == "FRR+" and fragility[0].holds


@pytest.mark.django_db
def test_the_offer_of_langeac_ends_with_the_year(catalogue: None) -> None:
    langeac = Collectivity.objects.get(code="43112")
    need = {"themes": ("COM",), "subjects": ("commerce",)}
    assert assess_body(langeac, dt.date(2026, 12, 31), **need).recommendation.route == "operator"
    after = assess_body(langeac, dt.date(2027, 1, 1), **need)
    assert "bdt-pvd" not in {candidate.offer.code for candidate in after.matching.candidates}
    [miss] = [miss for miss in after.matching.misses if miss.offer.code == "bdt-pvd"]
    assert miss.first.reason.value == "closed"


@pytest.mark.django_db
def test_no_local_provider_is_named_where_none_exists(catalogue: None) -> None:
    maripasoula = Collectivity.objects.get(code="97353")
    lines = assess_body(maripasoula, dt.date(2025, 5, 27), themes=("NUM",), subjects=("sante",)).evidence
    codes = [line.code.value for line in lines["insufficient_resources"]]  # type: ignore[index]
    assert "no_provider" in codes
    income = [line for line in lines["fragility"] if line.args["fact"] == "income"]  # type: ignore[index]
    assert income[0].holds is None


@pytest.mark.django_db
def test_an_island_without_epci_and_a_commune_without_arrondissement(catalogue: None) -> None:
    from operators.territory_facts import areas_of

    bodies = Collectivity.objects.in_bulk(["29155", "97606", "200070332"], field_name="code")
    ouessant = areas_of(bodies["29155"])
    assert "epci" not in ouessant and ouessant["commune"] == {"29155"}
    chirongui = areas_of(bodies["97606"])
    assert "arrondissement" not in chirongui and chirongui["department"] == {"976"}
    savoir_faire = areas_of(bodies["200070332"])
    assert savoir_faire["department"] == {"52", "70"} and savoir_faire["epci"] == {"200070332"}
