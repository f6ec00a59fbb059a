"""French of the engine, sentence by sentence."""

from typing import Any

import pytest

from operators.matching.criteria import Reason
from operators.matching.evidence import Evidence
from operators.matching.facts import ZoningFact
from operators.matching.reasons import Voice, counted, evidence_sentence, headline, interval, sentence, short_label
from operators.matching.recommend import assess
from tests.operators.factories import facts, record

NB, TH = "\u00a0", "\u202f"


def headline_for(*offers: Any, **known: Any) -> str:
    return headline(assess(facts(**known), offers).recommendation)


def local(code: str, **changes: Any) -> Any:
    return record(code, provider_kind="chamber", **changes)


def operator(code: str = "cerema", name: str = "Cerema") -> Any:
    return record(code, provider_kind="operator", provider_name=name)


PART = {"services": frozenset({"feasibility"})}
BOTH = {"services": frozenset({"feasibility", "expertise"})}


def test_two_local_offers_of_which_none_suffices() -> None:
    said = headline_for(local("a", **PART), local("b", services=frozenset({"expertise"})), **BOTH)
    assert said == "Deux offres locales conviennent. Aucune ne suffit seule."


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "Une offre locale convient."),
        (2, "Deux offres locales conviennent."),
        (10, "Dix offres locales conviennent."),
        (11, "11 offres locales conviennent."),
        (14, "14 offres locales conviennent."),
    ],
)
def test_local_offers_that_suffice(count: int, expected: str) -> None:
    assert headline_for(*(local(f"o{n}") for n in range(count))) == expected


def test_one_local_offer_that_does_not_suffice() -> None:
    assert headline_for(local("a", **PART), **BOTH) == "Une offre locale convient. Elle ne suffit pas seule."


def test_offers_that_depend_on_an_answer() -> None:
    members = {"membership_required": True}
    assert headline_for(local("a", **members)) == f"Une offre locale peut convenir{NB}: des points restent à vérifier."
    both = headline_for(local("a", **members), local("b", **members))
    assert both == f"Deux offres locales peuvent convenir{NB}: des points restent à vérifier."
    assert headline_for(local("a", **members), local("b")) == "Deux offres locales conviennent."


def test_nothing_local() -> None:
    end = "Les éléments pour une transmission à l’Agence sont réunis ci-dessous."
    full = {"capacity_left": 0}
    assert headline_for() == (
        f"Aucune offre locale ne convient{NB}: le catalogue n’en contient pas pour ce territoire. {end}"
    )
    assert headline_for(local("a", **full)) == f"Aucune offre locale ne convient{NB}: 1{NB}offre examinée. {end}"
    nine = headline_for(*(local(f"o{n}", **full) for n in range(9)))
    assert nine == f"Aucune offre locale ne convient{NB}: 9{NB}offres examinées. {end}"
    with_operator = headline_for(local("a", **full), operator())
    assert with_operator == f"Aucune offre locale ne convient{NB}: 1{NB}offre examinée. Une offre d’opérateur convient."


def test_short_labels_of_the_queue() -> None:
    def label(*offers: Any, **known: Any) -> str:
        return short_label(assess(facts(**known), offers).recommendation)

    assert label() == "Aucune offre locale"
    assert label(operator("bdt", "Banque des Territoires")) == f"Opérateur{NB}: Banque des Territoires"
    agency = record("a", services=frozenset({"feasibility"}), price_model="free")
    chamber = local("b", services=frozenset({"expertise"}), price_model="paid")
    assert label(agency, chamber, **BOTH) == f"Locale{NB}: agence technique + chambre"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (None, 3499, f"moins de 3{TH}500{NB}habitants"),
        (None, 14999, f"moins de 15{TH}000{NB}habitants"),
        (0, None, f"0{NB}habitant et plus"),
        (0, 499, f"moins de 500{NB}habitants"),
        (5000, None, f"5{TH}000{NB}habitants et plus"),
        (2000, 9999, f"de 2{TH}000 à 9{TH}999{NB}habitants"),
    ],
)
def test_intervals(low: int | None, high: int | None, expected: str) -> None:
    assert interval(low, high) == expected


def test_counted() -> None:
    assert counted(0, "offre locale", "offres locales") == "Aucune offre locale"
    assert counted(1234, "offre locale", "offres locales") == f"1{TH}234 offres locales"


@pytest.mark.parametrize(
    ("reason", "args", "kind", "voice", "expected"),
    [
        (Reason.COVERS_COMMUNE, {}, "commune", Voice.YOURS, "couvre votre commune"),
        (Reason.COVERS_DEPARTMENT, {}, "commune", Voice.FILE, "couvre la commune (tout le département)"),
        (Reason.COVERS_EPCI, {}, "epci", Voice.YOURS, "couvre votre intercommunalité"),
        (Reason.COVERS_DEPARTMENT, {}, "department", Voice.FILE, "couvre le département"),
        (
            Reason.COVERS_PART,
            {"level": "department", "codes": ["52"]},
            "epci",
            Voice.FILE,
            "ce qui est possible hors département 52, seule partie de l’intercommunalité couverte",
        ),
        (
            Reason.COVERS_PART,
            {"level": "department", "codes": ["52", "70"]},
            "epci",
            Voice.YOURS,
            "ce qui est possible hors départements 52 et 70, seule partie de votre intercommunalité couverte",
        ),
        (Reason.SUBJECT_MET, {"values": ["commerce"]}, "commune", Voice.YOURS, "sujet commerce, café, marché"),
        (
            Reason.SUBJECT_MET,
            {"values": ["france-services"]},
            "commune",
            Voice.FILE,
            "sujet France services, poste, accès aux droits",
        ),
        # a programme or a zoning that the reference does not name is printed as it is written
        (Reason.PROGRAMME_MET, {"values": ["XYZ"]}, "commune", Voice.FILE, "membre du programme XYZ"),
        (Reason.ZONING_MET, {"values": ["frr=FRR"]}, "commune", Voice.FILE, f"territoire concerné{NB}: frr=FRR"),
        (
            Reason.THEME_MET,
            {"values": ["COM"]},
            "commune",
            Voice.YOURS,
            f"thème «{NB}Redynamisation commerciale et artisanale{NB}»",
        ),
        (
            Reason.POPULATION_ABOVE,
            {"max": 9999, "value": 15049},
            "epci",
            Voice.FILE,
            (
                f"réservée aux collectivités de moins de 10{TH}000{NB}habitants{TH}; "
                f"population connue{NB}: 15{TH}049{NB}habitants"
            ),
        ),
        (
            Reason.PROGRAMME_OTHER,
            {"values": ["ACV", "PVD"]},
            "commune",
            Voice.FILE,
            "réservée aux membres du programme Action cœur de ville ou Petites villes de demain",
        ),
        (Reason.CLOSED, {"to": "2026-12-31"}, "commune", Voice.FILE, f"a pris fin le 31{NB}décembre 2026"),
        (Reason.NOT_OPEN_YET, {"from": "2025-03-01"}, "commune", Voice.FILE, f"n’ouvre que le 1ᵉʳ{NB}mars 2025"),
        (
            Reason.MEMBERSHIP_UNKNOWN,
            {"label": "adhésion à Ingénierie et territoires 04"},
            "commune",
            Voice.FILE,
            "adhésion à Ingénierie et territoires 04",
        ),
        (
            "zoning_other",
            {"values": ["qpv"]},
            "commune",
            Voice.FILE,
            f"réservée à un autre zonage{NB}: quartier prioritaire de la politique de la ville",
        ),
    ],
)
def test_sentences(reason: Reason, args: dict[str, Any], kind: str, voice: Voice, expected: str) -> None:
    assert sentence(reason, args, kind=kind, voice=voice) == expected


def test_subjects_added_by_staff_bear_the_name_given() -> None:
    said = sentence("subject_met", {"values": ["cimetiere"]}, kind="commune", labels={"cimetiere": "Cimetière"})
    assert said == "sujet cimetière"
    assert sentence("subject_met", {"values": ["cimetiere"]}, kind="commune") == "sujet cimetiere"
    labels = {"ort": "ORT, cœur de bourg", "PVD": "Sans rapport"}
    assert sentence("subject_met", {"values": ["ort"]}, kind="commune", labels=labels) == "sujet ORT, cœur de bourg"
    said = sentence("programme_met", {"values": ["PVD"]}, kind="commune", labels=labels)
    assert said == "membre du programme Petites villes de demain"
    other = record("autre", title="Autre", provider_name="CAUE", subjects=frozenset({"ort"}))
    [*_, line] = assess(facts(), [other]).evidence["insufficient_resources"]  # type: ignore[index]
    said = evidence_sentence(line.code, line.args, kind="commune", labels=labels)
    assert said == f"Autre (CAUE){NB}: traite d’autres sujets{NB}: ORT, cœur de bourg"


def test_programmes_and_zonings_added_by_staff_bear_the_name_given() -> None:
    labels = {"PAT": "Projet alimentaire", "zus": "Zone de montagne", "frr": "Sans rapport"}
    said = {
        ("programme_other", "PAT"): "réservée aux membres du programme Projet alimentaire",
        ("zoning_met", "zus"): "territoire concerné : Zone de montagne",
        ("zoning_met", "zus=haute"): f"territoire concerné{NB}: Zone de montagne{NB}: haute",
        ("zoning_met", "frr"): "territoire concerné : zone France ruralités revitalisation (FRR)",
        ("zoning_met", "autre=1"): "territoire concerné : autre=1",
    }
    for (reason, value), expected in said.items():
        found = sentence(reason, {"values": [value]}, kind="commune", labels=labels)
        assert found == expected.replace(" :", f"{NB}:"), value


def test_a_part_of_the_territory_is_called_by_its_name_when_it_is_known() -> None:
    args = {"level": "epci", "codes": ["200069193", "200067437"]}
    names = {"epci:200069193": "CC d’ici (04)", "epci:200067437": "CC de là (04)"}
    said = sentence("covers_part", args, kind="syndicate", voice=Voice.YOURS, labels=names)
    assert said == "ce qui est possible hors CC d’ici (04) et CC de là (04), seule partie de votre syndicat couverte"
    del names["epci:200067437"]
    said = sentence("covers_part", args, kind="syndicate", labels={**names, "department:200067437": "Autre niveau"})
    assert "hors intercommunalités 200069193 et 200067437" in said, "all of them, or their codes"


def test_a_word_never_said_of_a_place() -> None:
    """No template calls a body a « demandeur », an « usager » or « éligible à x % » (SCREENS 0)."""
    from operators.matching.reasons import SENTENCES

    text = " ".join(SENTENCES.values()).lower()
    assert not any(word in text for word in ("demandeur", "usager", "éligible", "%", "rejet", "refus"))


def test_evidence_of_fragility_keeps_unknown_unknown() -> None:
    income = ZoningFact(
        code="revenu_median", label="Revenu", value="22540", number=22540.0, source="Insee", vintage="2021"
    )
    assessment = assess(facts(zonings={"revenu_median": income}), [])
    lines = {line.args["fact"]: line for line in assessment.evidence["fragility"]}  # type: ignore[index]
    said = {key: evidence_sentence(line.code, line.args, kind="commune") for key, line in lines.items()}
    assert said["income"] == f"Revenu médian par unité de consommation{NB}: 22{TH}540{NB}€"
    assert (lines["income"].source, lines["income"].vintage, lines["income"].holds) == ("Insee", "2021", None)
    assert said["unemployment"] == f"Taux de chômage de la zone d’emploi{NB}: inconnu"
    assert lines["unemployment"].holds is None


def test_evidence_of_complexity() -> None:
    body = facts(
        themes=("TER", "LOG", "COM"), commune_count=22, partner_count=None, complexity_signs=frozenset({"risks"})
    )
    lines = assess(body, []).evidence["complexity"]  # type: ignore[index]
    assert [(line.code.value, line.holds) for line in lines] == [
        ("themes", True),
        ("communes", True),
        ("departments", False),
        ("partners", None),
        ("sign", True),
    ]


def test_evidence_of_insufficiency_names_the_hole() -> None:
    other = record("autre", themes=frozenset({"TER"}))
    lines = assess(facts(), [other]).evidence["insufficient_resources"]  # type: ignore[index]
    said = [evidence_sentence(line.code, line.args, kind="commune") for line in lines]
    assert said[0] == f"1{NB}offre locale examinée{NB}: aucune ne convient"
    assert said[1].startswith("Aucun prestataire local pour ce sujet sur ce territoire")
    assert said[2].endswith("traite d’autres thèmes")


def test_one_offer_that_answers_the_whole_need_is_no_partial_answer() -> None:
    lines = assess(facts(), [record("seule")]).evidence["insufficient_resources"]  # type: ignore[index]
    said = [evidence_sentence(line.code, line.args, kind="commune") for line in lines]
    assert said == [
        f"1{NB}offre locale examinée{NB}: 1 convient",
        f"1{NB}offre locale sur ce sujet et ce territoire",
    ]
    assert [line.holds for line in lines] == [False, False]


@pytest.mark.parametrize(("count", "holds"), [(None, None), (0, False), (1, False), (2, True)])
def test_several_communes_or_partners_make_a_project_complex(count: int | None, holds: bool | None) -> None:
    lines = assess(facts(commune_count=count, partner_count=count), []).evidence["complexity"]  # type: ignore[index]
    assert {line.code.value: line.holds for line in lines if "count" in line.args} == {
        "communes": holds,
        "partners": holds,
    }


def test_a_place_without_region_nor_department_has_no_line_of_regions() -> None:
    """Saint-Barthélemy and the like lie in neither."""
    lines = assess(facts(areas={"nation": frozenset({"FR"})}), []).evidence["complexity"]  # type: ignore[index]
    assert [line.code.value for line in lines] == ["themes", "communes", "departments", "partners"]


def test_cents_of_an_income_are_written() -> None:
    said = evidence_sentence("fact", {"fact": "income", "value": "", "number": 20940.5}, kind="commune")
    assert said.endswith(f"{NB}: 20{TH}940,50{NB}€")


#: Code of a line of evidence, its arguments, its French.
EVIDENCE: list[tuple[str, dict[str, Any], str]] = [
    ("offers_examined", {"examined": 0, "fit": 0}, f"0{NB}offre locale examinée{NB}: aucune ne convient"),
    ("offers_examined", {"examined": 3, "fit": 1}, f"3{NB}offres locales examinées{NB}: 1 convient"),
    (
        "offers_examined",
        {"examined": 1200, "fit": 1100},
        f"1{TH}200{NB}offres locales examinées{NB}: 1{TH}100 conviennent",
    ),
    (
        "no_provider",
        {"themes": ["LOG", "COM"]},
        (
            f"Aucun prestataire local pour ce sujet sur ce territoire («{NB}Logement, habitat et cadre de vie{NB}» et "
            f"«{NB}Redynamisation commerciale et artisanale{NB}»)"
        ),
    ),
    ("providers_on_theme", {"count": 1}, f"1{NB}offre locale sur ce sujet et ce territoire"),
    ("providers_on_theme", {"count": 4}, f"4{NB}offres locales sur ce sujet et ce territoire"),
    (
        "offer_excluded",
        {"title": "Étude", "provider": "CAUE", "reason": "theme_other", "reason_args": {}},
        f"Étude (CAUE){NB}: traite d’autres thèmes",
    ),
    ("offer_partial", {"title": "Étude", "provider": "CAUE"}, f"Étude (CAUE){NB}: répond à une partie du besoin"),
    ("themes", {"values": []}, f"Thèmes{NB}: inconnus"),
    ("themes", {"values": ["LOG"]}, f"1{NB}thème{NB}: logement, habitat et cadre de vie"),
    (
        "themes",
        {"values": ["LOG", "COM"]},
        f"2{NB}thèmes{NB}: logement, habitat et cadre de vie et redynamisation commerciale et artisanale",
    ),
    ("communes", {"count": None}, f"Communes concernées{NB}: inconnu"),
    ("communes", {"count": 1}, f"1{NB}commune concernée"),
    ("communes", {"count": 22}, f"22{NB}communes concernées"),
    ("departments", {"codes": ["04"]}, f"1{NB}département{NB}: 04"),
    ("departments", {"codes": ["31", "11"]}, f"2{NB}départements{NB}: 31 et 11"),
    ("regions", {"codes": ["76", "93"]}, f"2{NB}régions"),
    ("partners", {"count": None}, f"Partenaires{NB}: inconnu"),
    ("partners", {"count": 1}, f"1{NB}organisme concerné"),
    ("partners", {"count": 2}, f"2{NB}organismes concernés"),
    ("sign", {"sign": "risks"}, "Risques naturels ou technologiques"),
    (
        "fact",
        {"fact": "unemployment", "value": "", "number": 9.5},
        f"Taux de chômage de la zone d’emploi{NB}: 9,5{NB}%",
    ),
    (
        "fact",
        {"fact": "unemployment", "value": "élevé", "number": None},
        f"Taux de chômage de la zone d’emploi{NB}: élevé",
    ),
    ("fact_unknown", {"fact": "unemployment"}, f"Taux de chômage de la zone d’emploi{NB}: inconnu"),
]


@pytest.mark.parametrize(("code", "args", "expected"), EVIDENCE)
def test_evidence_in_french(code: str, args: dict[str, Any], expected: str) -> None:
    assert evidence_sentence(code, args, kind="commune") == expected


def test_every_line_of_evidence_has_its_french() -> None:
    assert {code for code, _, _ in EVIDENCE} == {code.value for code in Evidence}


def test_an_offer_excluded_is_told_in_the_words_of_its_reason() -> None:
    """For an intercommunalité, and with the names that staff gave."""
    args = {
        "title": "É",
        "provider": "P",
        "reason": "subject_other",
        "reason_args": {"asked": ["ruches"], "offered": []},
    }
    for kind in ("commune", "epci"):
        labels = {"ruches": "Les ruches"}
        told = evidence_sentence("offer_excluded", args, kind=kind, labels=labels)
        assert told == f"É (P){NB}: " + sentence(Reason.SUBJECT_OTHER, args["reason_args"], kind=kind, labels=labels)
