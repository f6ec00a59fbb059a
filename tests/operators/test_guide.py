"""What a department's guide says, from the catalogue of the day."""

import datetime as dt
from typing import Any

import pytest
import zeal

from operators import coverage
from operators.catalogue import records_for
from operators.guide import parts
from operators.guide.drawing import SHADES, steps
from operators.matching.engine import match
from operators.matching.vocabulary import LegalMode
from operators.models import Offer, OfferCoverage, Subject
from operators.services import publications
from operators.territory_facts import facts_of
from territories.models import Arrondissement, Collectivity, Department
from tests.operators.factories import TODAY, offer, provider

pytestmark = pytest.mark.django_db
NB = "\u00a0"


@pytest.fixture
def subjects(db: None) -> None:
    Subject.objects.create(code="commerce", label="Commerce, café, marché", theme="COM", group="activity", order=1)
    Subject.objects.create(code="ecole", label="École, cantine", theme="JES", group="services", order=2)


def guide(code: str = "04") -> parts.Guide:
    return publications.guide_of(code, TODAY)


def sheet(found: parts.Guide, code: str) -> parts.Sheet:
    (one,) = [each for each in found.sheets if each.code == code]
    return one


def test_only_what_is_published_open_and_covers_the_department(subjects: None) -> None:
    caue = provider()
    offer("ici", of=caue)
    offer("brouillon", of=caue, status="draft")
    offer("expiree", of=caue, status="expired")
    offer("finie", of=caue, valid_to=TODAY - dt.timedelta(days=1))
    offer("a-venir", of=caue, valid_from=TODAY + dt.timedelta(days=1))
    offer("dernier-jour", of=caue, valid_to=TODAY)
    offer("ailleurs", of=caue, areas=(("department", "90"),))
    excluded = offer("sauf-04", of=caue, areas=(("region", "93"),))
    OfferCoverage.objects.create(offer=excluded, level="department", code="04", excluded=True)
    offer("inactif", of=provider("adil-04", kind="adil", name="ADIL", is_active=False))
    assert {each.code for each in guide().sheets} == {"ici", "dernier-jour"}


def test_where_an_offer_holds_in_words_and_communes(subjects: None) -> None:
    caue = provider()
    communes = Collectivity.objects.current().filter(department="04", kind="commune", fictitious=False)
    whole = communes.count()
    town = Arrondissement.objects.get(code="043")
    inside = communes.filter(arrondissement=town).count()
    offer("partout", of=caue)
    offer("region", of=caue, areas=(("region", "93"),))
    offer("arrondissement", of=caue, areas=(("arrondissement", "043"), ("commune", "29019")))
    without = offer("sauf-mezel", of=caue)
    OfferCoverage.objects.create(offer=without, level="commune", code="04121", excluded=True)
    found = guide()
    assert (sheet(found, "partout").where, sheet(found, "partout").reach) == ("Tout le département", "")
    assert sheet(found, "region").reach == ""
    assert sheet(found, "arrondissement").where == town.label
    assert sheet(found, "arrondissement").reach == f"{inside}{NB}communes sur{NB}{whole}"
    assert sheet(found, "sauf-mezel").where == "Tout le département, sauf Mézel"
    assert sheet(found, "sauf-mezel").reach == f"{whole - 1}{NB}communes sur{NB}{whole}"
    # the map and its table say the same
    lines = {line.name: line for line in found.lines}
    assert sum(line.communes for line in found.lines) == whole
    assert lines[town.name].offers == (
        "4" if Collectivity.objects.get(code="04121").arrondissement != town else f"3 à{NB}4"
    )
    assert "Offre arrondissement" in lines[town.name].own
    assert sorted(one.code for each in found.partial for one in each.offers) == ["arrondissement", "sauf-mezel"]
    assert found.map is not None
    assert sum(layer.path.count("M") for layer in found.map.layers) == whole, "a dot for each commune"


@zeal.zeal_ignore()  # one commune after the other
def test_the_guide_covers_what_the_engine_says(subjects: None) -> None:
    """For an offer that restricts nothing but its territory, the communes drawn are those of the engine."""
    caue = provider()
    epci = Collectivity.objects.get(code="04121").epci
    assert epci is not None
    mixed = offer("melange", of=caue, areas=(("epci", epci.code), ("arrondissement", "044"), ("commune", "04006")))
    OfferCoverage.objects.create(offer=mixed, level="commune", code="04121", excluded=True)
    ranks = set(sheet(guide(), "melange").covered)
    communes = Collectivity.objects.current().filter(department="04", kind="commune", fictitious=False).order_by("code")
    for rank, commune in enumerate(communes):
        if rank % 7 == 0 or commune.code in {"04121", "04006"}:
            facts = facts_of(commune, TODAY)
            assert bool(match(facts, records_for(facts)).candidates) is (rank in ranks), commune


@zeal.zeal_ignore()  # two guides in one test
def test_subjects_as_mayors_say_them(subjects: None) -> None:
    caue = provider()
    shops = offer("commerce", of=caue)
    shops.subjects.add(Subject.objects.get(code="commerce"))
    offer("tout-theme", of=caue, themes=["COM", "JES"])
    bdt = provider("bdt", kind="operator", name="Banque des Territoires", department_id=None)
    offer("national", of=bdt, themes=["JES"], areas=(("nation", "FR"),))
    found = {part.code: part for group in guide().groups for part in group.subjects}
    assert [each.code for each in found["commerce"].near] == ["commerce", "tout-theme"]
    assert [each.code for each in found["ecole"].near] == ["tout-theme"]
    assert [each.code for each in found["ecole"].far] == ["national"]
    Offer.objects.filter(code="tout-theme").delete()
    assert guide().mute == (("Jeunesse, éducation et sports", "École, cantine"),)


def test_who_may_ask_and_how(subjects: None) -> None:
    atd = provider("atd-04", kind="technical_agency", name="IT04")
    offer(
        "adherents",
        of=atd,
        body_kinds=["commune", "epci"],
        population_max=3499,
        membership_required=True,
        membership_label="adhésion à IT04",
        legal_mode="membership",
        price_model="membership",
        programmes_required=["PVD"],
    )
    found = guide()
    assert sheet(found, "adherents").who == (
        "Communes et intercommunalités",
        f"moins de 3\u202f500{NB}habitants",
        "adhésion à IT04",
        "membres de Petites villes de demain",
    )
    modes = {mode.label: mode.bodies for mode in found.modes}
    assert len(modes) == len(LegalMode) == len(parts.MODES)
    assert modes["Adhésion (quasi-régie)"] == ("IT04",) and modes["Gratuit de droit"] == ()


@zeal.zeal_ignore()
def test_national_offers_are_listed_and_described_in_the_single_document(subjects: None) -> None:
    offer("local", of=provider())
    cerema = provider("cerema", kind="operator", name="Cerema", department_id=None)
    offer("national", of=cerema, areas=(("nation", "FR"),))
    found = guide()
    assert [(family.title, family.full) for family in found.families] == [
        ("Les organismes locaux", True),
        ("Les opérateurs de l’État", False),
    ]
    assert [each.code for each in found.near] == ["local"]
    whole = guide("FR")
    assert [each.code for each in whole.sheets] == ["national"] and whole.families[0].full
    assert sheet(whole, "national").where == "France entière"


def test_the_missing_is_counted_as_the_coverage_counts_it(subjects: None) -> None:
    offer("commerce", of=provider(), population_max=500)
    coverage.compute(TODAY, ["04"])
    found = guide()
    holes = {hole.theme: hole for hole in found.holes}
    small = Collectivity.objects.current().filter(department="04", kind="commune", population__gt=500).count()
    assert holes["Redynamisation commerciale et artisanale"].uncovered == small
    assert len(holes) == 9


def test_an_empty_department_says_so(subjects: None) -> None:
    found = guide("48")
    assert not found.sheets and found.map is None and not found.lines
    html = publications.page(found, TODAY)
    assert "Aucune offre publiée" in html and "se remplit dès qu’une offre est publiée" in html


@pytest.mark.parametrize("code", ["976", "977", "987", "75", "2A"])
def test_every_kind_of_territory_has_its_guide(code: str, subjects: None) -> None:
    """Without arrondissement, without commune, of one commune, overseas."""
    offer("ici", of=provider(f"etat-{code.lower()}", department_id=code), areas=(("department", code),))
    found = guide(code)
    assert [each.code for each in found.sheets] == ["ici"]
    whole = "Tout le département" if Department.objects.get(code=code).kind == "department" else "Tout le territoire"
    assert found.sheets[0].where == whole
    assert "<h1>" in publications.page(found, TODAY)


@zeal.zeal_ignore()
def test_the_same_catalogue_has_the_same_fingerprint(subjects: None) -> None:
    first = offer("une", of=provider())
    before = publications.fingerprint(guide())
    assert publications.fingerprint(guide()) == before
    Offer.objects.filter(pk=first.pk).update(price_label="Autre prix")
    changed = publications.fingerprint(guide())
    assert changed != before
    first.provider.telephone = "0492000000"
    first.provider.save()
    assert publications.fingerprint(guide()) not in {before, changed}


def test_the_cost_does_not_depend_on_the_number_of_offers(subjects: None, django_assert_num_queries: Any) -> None:
    caue, school = provider(), Subject.objects.get(code="ecole")
    offer("une", of=caue)
    with zeal.zeal_ignore(), django_assert_num_queries(8):
        guide()
    for number in range(40):
        offer(f"offre-{number}", of=caue).subjects.add(school)
    with zeal.zeal_ignore(), django_assert_num_queries(8):
        guide()


def test_four_shades_at_most_and_every_count_in_one() -> None:
    for counts in ([3], [1, 2], [0, 4, 9], list(range(4)), list(range(11)), [0, 1, 2, 3, 40]):
        found = steps(counts)
        assert len(found) in SHADES
        assert all(sum(low <= count <= high for low, high in found) == 1 for count in counts)
