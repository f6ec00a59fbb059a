"""The engineering map in and out: what is exported loads back identically, and what is wrong says where and what to
do."""

import dataclasses
import datetime as dt
import io
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import normalize

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from zeal import zeal_ignore

from common import clock
from common.actor import Actor, Role
from common.tabular import letter, open_table, write
from operators.loading.columns import COLUMNS, HEADINGS, KNOWN, SHEET, Kind
from operators.loading.export import rows, template
from operators.loading.plan import Plan, Scope, examine
from operators.models import Offer, OfferRevision, Provider
from operators.services import loads
from operators.services.offers import _write  # the only way to any values, complete or not
from operators.values import Line, OfferValues
from territories.models import FormerCode
from tests.operators.factories import TODAY
from tests.operators.factories import offer as make_offer
from tests.operators.factories import provider as make_provider

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
ADMINISTRATOR = Actor(role=Role.ADMINISTRATOR, on=TODAY, mandate_confirmed=True)
DESK = Actor(
    role=Role.INSTRUCTOR, on=TODAY, person_id=None, mandate_confirmed=True, departments=frozenset({"04"}), body="DDT"
)
ALL, HERE = Scope(ADMINISTRATOR), Scope(DESK, frozenset({"04"}))


@pytest.fixture(autouse=True)
def _many_rows() -> Iterator[None]:
    """Offers are written one by one, by the service that keeps their history."""
    with zeal_ignore():
        yield


def exported(extension: str, scope: Scope = HERE) -> bytes:
    stream = io.BytesIO()
    write(extension, stream, HEADINGS, rows(scope), title=SHEET)
    return stream.getvalue()


def sheet(*lines: dict[str, Any], headings: Iterable[str] = (), extension: str = "csv") -> bytes:
    """A map of these lines, told by headings."""
    names = list(headings) or list(dict.fromkeys(name for line in lines for name in line))
    stream = io.BytesIO()
    write(extension, stream, names, ([line.get(name) for name in names] for line in lines), title=SHEET)
    return stream.getvalue()


def line(**changes: Any) -> dict[str, Any]:
    """A complete offer of the CAUE of the Alpes-de-Haute-Provence, by field."""
    values = {
        "provider": "caue-04",
        "title": "Un conseil d’essai",
        "description": "Une visite, puis une note.",
        "themes": "Logement, habitat et cadre de vie",
        "coverage": "département 04",
        "legal_mode": "Gratuit de droit",
        "price_model": "Sans frais",
        "price_label": "Sans frais pour vous",
    }
    named = {column.field: column.heading for column in COLUMNS}
    return {named[field]: value for field, value in {**values, **changes}.items()}


def plan(data: bytes, scope: Scope = HERE) -> Plan:
    return examine(data, "carte.csv", scope)


def applied(data: bytes, scope: Scope = HERE) -> Plan:
    return loads.apply(data, "carte.csv", scope, at=clock.now())


def faults(data: bytes, scope: Scope = HERE) -> list[str]:
    return [str(fault).replace("\N{NO-BREAK SPACE}", " ") for fault in plan(data, scope).faults]


# --- the round trip --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_whole_catalogue_loads_back_without_a_difference(extension: str) -> None:
    found = plan(exported(extension, ALL), ALL)
    assert [str(fault) for fault in found.faults] == []
    assert found.items == []
    assert (found.unchanged, found.changes) == (Offer.objects.count(), 0)


def test_the_whole_catalogue_goes_out_in_the_state_s_format() -> None:
    """Read by another library, cell by cell, against the CSV."""
    opened = CalamineWorkbook.from_filelike(io.BytesIO(exported("ods", ALL)))
    held = opened.get_sheet_by_name(SHEET).to_python(skip_empty_area=False)
    expected = list(rows(ALL))
    assert held[0] == list(HEADINGS)
    assert len(held) == len(expected) + 1 == Offer.objects.count() + 1
    for cells, wanted in zip(held[1:], expected, strict=True):
        padded = [*cells, *([""] * (len(wanted) - len(cells)))]
        assert [cell or None for cell in padded] == [cell or None for cell in wanted]


def test_writing_what_is_exported_writes_nothing() -> None:
    before = OfferRevision.objects.count()
    done = applied(exported("xlsx", ALL), ALL)
    assert (done.changes, OfferRevision.objects.count()) == (0, before)


_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"))
TEXT = st.text(_CHARACTERS, max_size=60).map(lambda text: normalize("NFC", text).strip())
DAY = st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1))


def some(field: str) -> Any:
    (column,) = (column for column in COLUMNS if column.field == field)
    assert column.choices is not None
    return st.lists(st.sampled_from(column.choices.values), unique=True).map(tuple)


VALUES = st.builds(
    OfferValues,
    title=TEXT.filter(bool),
    description=TEXT,
    conditions=TEXT,
    price_label=TEXT.map(lambda text: text.replace("€", "")),
    themes=some("themes"),
    subjects=st.lists(st.sampled_from(["commerce", "ecole", "eau"]), unique=True).map(tuple),
    engineering_types=some("engineering_types"),
    services=some("services"),
    phases=some("phases"),
    body_kinds=some("body_kinds"),
    population_min=st.none() | st.integers(0, 3000),
    population_max=st.none() | st.integers(3000, 10**6),
    programmes_required=st.lists(st.sampled_from(["ACV", "PVD", "CRTE"]), unique=True).map(tuple),
    legal_mode=st.sampled_from(["", "membership", "department_agreement"]),
    price_model=st.sampled_from(["", "free", "paid"]),
    delay_days=st.none() | st.integers(0, 32_767),
    capacity_left=st.none() | st.integers(0, 32_767),
    valid_from=DAY,
    verified_on=st.none() | st.dates(dt.date(2000, 1, 1), TODAY),
    agreed_beforehand=st.booleans(),
    coverage=st.lists(
        st.builds(Line, st.just("commune"), st.sampled_from(["04121", "04134", "97801"]), st.booleans())
        | st.sampled_from([Line("department", "2A"), Line("region", "93"), Line("epci", "200067437")]),
        max_size=4,
        unique_by=lambda one: one.code,
    ).map(tuple),
)  # fmt: skip


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_any_draft_comes_back_the_same(extension: str, values: OfferValues) -> None:
    owner = Provider.objects.get(code="caue-04")
    Offer.objects.filter(code="essai").delete()
    kept = make_offer("essai", of=owner, areas=(), status="draft")
    _write(kept, values)
    one = [row for row in rows(HERE) if row[0] == "essai"]
    stream = io.BytesIO()
    write(extension, stream, HEADINGS, one, title=SHEET)
    found = plan(stream.getvalue())
    assert [str(fault) for fault in found.faults] == []
    assert (found.unchanged, found.items) == (1, [])


# --- what a load does ------------------------------------------------------------------------------------------------


def test_a_complete_offer_enters_the_catalogue_and_another_stays_a_draft() -> None:
    done = applied(sheet(line(), line(title="Incomplète", price_label="", legal_mode="")))
    assert (done.created, done.published, done.drafts) == (2, 1, 1)
    published, draft = Offer.objects.get(title="Un conseil d’essai"), Offer.objects.get(title="Incomplète")
    assert (published.status, published.verified_on) == ("published", clock.today())
    assert draft.status == "draft"
    assert done.items[1]["gaps"] == [
        "Choisissez le mode de recours.",
        "Écrivez le prix en clair, ou « sans frais pour vous ».",
    ]
    revision = OfferRevision.objects.filter(offer=published).order_by("pk")[0]
    assert (revision.kind, revision.source) == ("created", "chargement\N{NO-BREAK SPACE}: carte.csv")


def test_the_same_file_twice_changes_nothing() -> None:
    data = sheet(line(), line(title="Incomplète", price_label=""))
    applied(data)
    again = applied(data)
    assert (again.changes, again.unchanged) == (0, 2)


def test_a_completed_draft_is_published_and_only_given_columns_change() -> None:
    applied(sheet(line(price_label="", delay_days=12)))
    code = Offer.objects.get(title="Un conseil d’essai").code
    found = plan(sheet({"Code": code, "Prestataire": "caue-04", "Intitulé": "Nouveau titre", "Prix": "Sans frais"}))
    assert [field[0] for field in found.items[0]["fields"]] == ["Intitulé", "Prix, en clair"]
    applied(sheet({"Code": code, "Prestataire": "caue-04", "Intitulé": "Nouveau titre", "Prix": "Sans frais"}))
    offer = Offer.objects.get(code=code)
    assert (offer.title, offer.status, offer.delay_days) == ("Nouveau titre", "published", 12)


def test_an_empty_cell_empties_and_a_day_of_verification_never_goes_back() -> None:
    offer = make_offer("essai-04", of=Provider.objects.get(code="caue-04"), conditions="Longues.", verified_on=TODAY)
    applied(sheet(line(code=offer.code, title=offer.title, conditions="", verified_on=dt.date(2020, 1, 1))))
    offer.refresh_from_db()
    assert (offer.conditions, offer.verified_on) == ("", TODAY)


def test_an_offer_past_its_term_is_not_published() -> None:
    done = applied(sheet(line(valid_to=dt.date(2020, 1, 1))))
    assert (done.drafts, done.items[0]["gaps"]) == (1, ["Elle est arrivée à son terme."])


def test_nothing_is_written_when_one_line_is_wrong() -> None:
    before = OfferRevision.objects.count(), Offer.objects.count()
    lines = [line(title=f"Offre {place}") for place in range(700)] + [line(title="Fausse", themes="Astrologie")]
    with pytest.raises(loads.MovedError):
        applied(sheet(*lines))
    assert (OfferRevision.objects.count(), Offer.objects.count()) == before


def test_nothing_is_written_when_the_catalogue_moved() -> None:
    offer = make_offer("essai-04", of=Provider.objects.get(code="caue-04"))
    data = sheet(line(code=offer.code, title="Autre titre"))
    digest = plan(data).digest
    offer.save()
    with pytest.raises(loads.MovedError):
        loads.apply(data, "carte.csv", HERE, at=clock.now(), digest=digest)
    assert not Offer.objects.filter(title="Autre titre").exists()


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"themes": "Logemant, habitat"}, ["Ligne 2, colonne D « Thèmes »", "Proches : « Logement, habitat et cadre"]),
        ({"legal_mode": "Cadeau"}, ["colonne F « Mode de recours »", "Valeurs possibles", "À mettre en concurrence"]),
        ({"provider": "Conseil d’architecture"}, ["colonne A « Prestataire »", "Proches"]),
        ({"provider": ""}, ["colonne A", "vide"]),
        ({"provider": "anah"}, ["Anah n’est pas un organisme dont vous tenez les offres"]),
        ({"provider": "caue-05"}, ["n’est pas un organisme dont vous tenez les offres"]),
        ({"title": "é" * 5000}, ["colonne B « Intitulé »", "5\u202f000 caractères", "160 au plus"]),
        ({"coverage": "Atlantide"}, ["colonne E « Territoires »", "Aucun territoire ne s’appelle"]),
        ({"coverage": "commune 04999"}, ["ne porte le code « 04999 »"]),
        ({"coverage": "commune Sainte-Colombe"}, ["Plusieurs territoires s’appellent"]),
        ({"coverage": "France entière"}, ["ne couvre pas la France entière"]),
        ({"coverage": "département 04 sauf département 04"}, ["à la fois compris et exclu"]),
        ({"population_min": 500, "population_max": 100}, ["colonne J « Population maximale »", "intervalle"]),
        ({"population_min": "environ 500"}, ["n’est pas un nombre entier"]),
        ({"valid_from": "demain"}, ["n’est pas une date"]),
        ({"membership_required": "peut-être"}, ["ni oui ni non"]),
        ({"membership_required": "oui"}, ["Adhésion, en clair : Dites de quelle adhésion"]),
        ({"source_url": "javascript:alert(1)"}, ["adresse entière"]),
        ({"code": "nulle-part"}, ["aucune offre ne porte le code « nulle-part »"]),
        ({"price_label": "12 €"}, ["Aucun prix en euros"]),
        ({"subjects": "Je ne sais pas"}, ["n’est pas de la liste"]),
        ({"zonings_required": "zone lunaire"}, ["n’est pas de la liste"]),
    ],
)
def test_a_wrong_cell_is_named_with_its_cure(changes: dict[str, Any], sentences: list[str]) -> None:
    (found,) = faults(sheet(line(**changes)))
    for sentence in sentences:
        assert sentence in found


def test_two_lines_of_one_offer_and_a_body_that_changes_are_told() -> None:
    here = make_offer("essai-04", of=Provider.objects.get(code="caue-04"))
    assert "déjà à la ligne 2" in faults(sheet(line(), line()))[0]
    assert "déjà à la ligne 2" in faults(sheet(line(code=here.code), line(code=here.code, title="B")))[0]
    other = make_provider("essai-04", name="Autre organisme d’essai")
    assert "ne change pas d’organisme" in faults(sheet(line(code=here.code, provider=other.code)))[0]


def test_a_published_offer_can_not_become_incomplete() -> None:
    here = make_offer("essai-04", of=Provider.objects.get(code="caue-04"))
    assert "Décrivez" in faults(sheet(line(code=here.code, description="")))[0]


def test_columns_are_found_by_their_names_and_the_others_told() -> None:
    found = plan(sheet({"ORGANISME": "caue-04", "titre": "Un", "Observations": "x", "theme": "habitat"}))
    assert found.fault_count == 1
    assert "Observations" in found.remarks[0]
    assert "dit la même chose" in faults(sheet({"Prestataire": "caue-04", "Titre": "a", "Intitulé": "b"}))[0]
    assert "la colonne « Intitulé » manque" in faults(sheet({"Prestataire": "caue-04", "Thèmes": "x"}))[0]


def test_a_file_without_any_offer_says_so() -> None:
    assert "aucune offre" in faults(sheet(headings=HEADINGS))[0]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("département 04", {("department", "04", False)}),
        ("département 4", {("department", "04", False)}),
        ("EPCI 200067437 sauf commune 04121", {("epci", "200067437", False), ("commune", "04121", True)}),
        ("commune 4134, Mézel", {("commune", "04134", False), ("commune", "04121", False)}),
        ("arrondissement 043\nrégion 93", {("arrondissement", "043", False), ("region", "93", False)}),
        ("commune 01033", {("commune", "01033", False)}),
    ],
)
def test_places_are_read_as_they_are_typed(words: str, lines: set[Any]) -> None:
    applied(sheet(line(coverage=words)))
    offer = Offer.objects.get(title="Un conseil d’essai")
    assert {(one.level, one.code, one.excluded) for one in offer.coverage.all()} == lines


def test_the_code_of_a_former_commune_leads_to_today_s() -> None:
    former = FormerCode.objects.filter(collectivity__is_current=True).select_related("collectivity")[0]
    applied(sheet(line(coverage=f"commune {former.code}")))
    offer = Offer.objects.get(title="Un conseil d’essai")
    assert [one.code for one in offer.coverage.all()] == [former.collectivity.code]


# --- the template ----------------------------------------------------------------------------------------------------


def test_the_template_has_help_lists_and_examples_that_loading_ignores() -> None:
    data = template(["CAUE"])
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Offres", "Aide", "Listes"]
    offers: Any = book["Offres"]
    headings = [cell.value for cell in offers[1]]
    assert headings == [column.heading for column in COLUMNS if column.kind is not Kind.TOLD]
    listed = {str(rule.sqref).split(":")[0].rstrip("0123456789") for rule in offers.data_validations.dataValidation}
    lists = [headings.index(column.heading) + 1 for column in COLUMNS if column.kind in (Kind.LABEL, Kind.LABELS)]
    assert {letter(place) for place in lists} <= listed
    assert any("Transition écologique" in str(cell.value) for row in book["Aide"].iter_rows() for cell in row)
    table = open_table(data, "modele.xlsx", KNOWN, sheet=SHEET)
    assert [str(one.cells["Code"]) for one in table.lines] == ["exemple 1", "exemple 2"]
    found = plan(data)
    assert (found.lines, found.examples) == (0, 2)
    found = plan(sheet(line(code="Exemple 3"), line(code="exemple de plus", title="B"), line()))
    assert (found.lines, found.examples, found.published) == (1, 2, 1)


def test_the_examples_are_right() -> None:
    """Were they loaded, they would enter the catalogue."""
    make_provider("essai-a", name="Agence technique départementale")
    examples = [
        {column.heading: column.examples[place] for column in COLUMNS if column.kind is not Kind.TOLD}
        for place in (0, 1)
    ]
    for example in examples:
        example["Code"] = ""
        example["Prestataire"] = "essai-a"
        example["Territoires"] = example["Territoires"].replace("200069193", "200067437")
    assert plan(sheet(*examples)).published == 2


# --- the console -----------------------------------------------------------------------------------------------------


def test_the_command_shows_then_writes(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "carte.csv"
    file.write_bytes(sheet(line()))
    call_command("load_offers", str(file), "--department", "04", "--dry-run")
    assert not Offer.objects.filter(title="Un conseil d’essai").exists()
    assert "Rien n’est écrit." in capsys.readouterr().out
    call_command("load_offers", str(file), "--department", "04", "--provider", "caue-04")
    assert Offer.objects.get(title="Un conseil d’essai").status == "published"
    for arguments, sentence in (
        (["--department", "05"], "rien n’est écrit"),
        (["--department", "zz"], "Département inconnu"),
        (["--provider", "personne"], "n’est pas au catalogue"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("load_offers", str(file), *arguments)
    with pytest.raises(CommandError, match="illisible"):
        call_command("load_offers", str(tmp_path / "absent.csv"))


# --- size ------------------------------------------------------------------------------------------------------------


def test_thirty_five_thousand_lines_with_twelve_errors(django_assert_max_num_queries: Any) -> None:
    wrong = {3, 40, 501, 999, 1_000, 1_001, 7_777, 12_000, 20_000, 25_001, 34_000, 34_999}
    lines = (
        line(title=f"Offre {place}", coverage="commune 04134 sauf Mézel", phases="Travo" if place in wrong else "")
        for place in range(35_000)
    )  # fmt: skip
    named = list(dict.fromkeys([*line(), "Moments du projet"]))
    stream = io.BytesIO()
    write("csv", stream, named, ([one.get(name) for name in named] for one in lines), title=SHEET)
    tracemalloc.start()
    with django_assert_max_num_queries(70 * 20 + 50):
        found = plan(stream.getvalue())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.fault_count == 12
    assert [fault.line for fault in found.faults] == sorted(place + 2 for place in wrong)
    assert {fault.heading for fault in found.faults} == {"Moments du projet"}
    assert peak < 60_000_000


def test_ten_megabytes_are_read() -> None:
    data = sheet(*(line(title=f"Offre {place}", description="🏔️ Texte. " * 300) for place in range(2_600)))
    assert 9_000_000 < len(data) < 20_000_000
    assert plan(data).created == 2_600


def test_a_batch_costs_as_much_as_a_line(django_assert_max_num_queries: Any) -> None:
    for count in (1, 400):
        with django_assert_max_num_queries(32):
            assert plan(sheet(*(line(title=f"Offre {place}") for place in range(count)))).created == count


def test_an_offer_beyond_its_department_is_a_remark() -> None:
    found = plan(sheet(line(), line(title="Un autre", coverage="département 40"), line(title="Un tiers")))
    assert found.fault_count == 0 and found.created == 3
    assert len(found.remarks) == 1 and "(ligne 3)" in found.remarks[0]


def test_values_are_compared_whole() -> None:
    """A field of the values without a column would be lost on export."""
    fields = {field.name for field in dataclasses.fields(OfferValues)}
    assert fields == {column.field for column in COLUMNS} - {"code", "provider", "status", "illustrative"}
