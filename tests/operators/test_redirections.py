"""Where else to go: a directory kept by staff, whose links carry the commune and the subject where the target takes
them."""

import datetime as dt
from typing import Any

import pytest
import zeal
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from accounts.sessions import signed_in
from operators import elsewhere, seeds
from operators.models import Redirection, Subject
from operators.redirections import REDIRECTIONS
from requests.demonstration.stage import Stage
from requests.models import SupportRequest
from territories.models import Collectivity
from tests.requests.journeys import searched

SITE = "https://service.example"
FULL = {"commune": "2A004", "departement": "2A", "sujet": "Cœur de l’île & café d’en bas ?"}
ENCODED = "C%C5%93ur%20de%20l%E2%80%99%C3%AEle%20%26%20caf%C3%A9%20d%E2%80%99en%20bas%20%3F"


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        (SITE, FULL, SITE),
        (f"{SITE}/a?x={{commune}}&t={{sujet}}", FULL, f"{SITE}/a?x=2A004&t={ENCODED}"),
        (f"{SITE}/a?x={{commune}}&t={{sujet}}", {}, f"{SITE}/a"),
        (f"{SITE}/a?k=1&x={{commune}}", {"commune": ""}, f"{SITE}/a?k=1"),
        (f"{SITE}/a/{{departement}}/b#c-{{commune}}", FULL, f"{SITE}/a/2A/b#c-2A004"),
        (f"{SITE}/a/{{departement}}/b?k=1", {"commune": "04121"}, f"{SITE}/"),
        (f"{SITE}/a?l={{departement}}-{{commune}}", {"departement": "04"}, f"{SITE}/a"),
        (f"{SITE}/a?x={{commune}}&t={{sujet}}", {"commune": "1", "sujet": "é" * 80}, f"{SITE}/a?x=1"),
        (f"{SITE}/?x={{commune}}", {"commune": '"><script>&'}, f"{SITE}/?x=%22%3E%3Cscript%3E%26"),
    ],
)
def test_places_are_filled_escaped_or_left_out(template: str, values: dict[str, str], expected: str) -> None:
    assert elsewhere.fault(template) == ""
    assert elsewhere.filled(template, values) == expected


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (f"{SITE}/?x={{insee}}", "{insee}"),
        (f"{SITE}/?x={{}}", "n’est pas remplacé"),
        (f"{SITE}/?x={{Commune}}", "n’est pas remplacé"),
        (f"{SITE}/?x={{commune", "accolade"),
        (f"{SITE}/?x=commune}}", "accolade"),
        (f"{SITE}/?x={{{{commune}}}}", "accolade"),
        ("https://{commune}.example/", "nom du site"),
        ("https://a@service.example/", "nom du site"),
        ("https:///a", "nom du site"),
        ("https://[::1/a", "n’est pas lisible"),
        ("javascript:alert(1)", "https://"),
        ("ftp://service.example/", "https://"),
        ("service.example/aides", "https://"),
        (f"{SITE}/deux mots", "espace"),
        (f'{SITE}/"onclick=', "guillemet"),
        (f"{SITE}/d'ici", "apostrophe"),
    ],
)
def test_a_bad_address_is_refused_with_its_cure(template: str, said: str) -> None:
    assert said in elsewhere.fault(template)


def test_every_redirection_of_the_table_can_be_kept() -> None:
    assert {elsewhere.fault(row.url) for row in REDIRECTIONS} == {""}
    assert len({row.code for row in REDIRECTIONS}) == len(REDIRECTIONS) == 8
    assert all(len(row.url) <= elsewhere.LONGEST_TEMPLATE for row in REDIRECTIONS)


@pytest.mark.parametrize(
    ("verified", "stale"),
    [(None, True), (dt.date(2025, 11, 23), True), (dt.date(2025, 11, 24), False), (dt.date(2026, 11, 24), False)],
)
def test_one_not_verified_for_a_year_is_marked(verified: dt.date | None, stale: bool) -> None:
    assert Redirection(verified_on=verified).is_stale(dt.date(2026, 11, 24)) is stale


@pytest.mark.django_db
def test_the_seed_keeps_what_staff_changed() -> None:
    seeds.seed_reference()
    assert Redirection.objects.count() == len(REDIRECTIONS)
    Redirection.objects.filter(code="dotations").update(text="Autre texte.", is_active=False)
    Redirection.objects.filter(code="volontaire").delete()
    seeds.seed_reference()
    row = Redirection.objects.get(code="dotations")
    assert (row.text, row.is_active, Redirection.objects.count()) == ("Autre texte.", False, len(REDIRECTIONS))


@pytest.mark.django_db
def test_the_database_refuses_what_is_no_page() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Redirection.objects.create(code="x", label="x", reason="grant", target="x", url="javascript:1", text="x")


@pytest.fixture
def grants(db: None) -> Redirection:
    row = Redirection.objects.get(code="financements")
    row.url = f"{SITE}/aides?texte={{sujet}}&insee={{commune}}&dep={{departement}}"
    row.save()
    return row


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``)."""


@pytest.mark.demonstration
@pytest.mark.django_db
class TestPages:
    def test_a_link_says_the_commune_and_the_subject(self, grants: Redirection) -> None:
        mezel, subject = Collectivity.objects.get(code="04121"), Subject.objects.get(code="ecole")
        text = "%C3%89cole%2C%20cantine%2C%20p%C3%A9riscolaire"
        assert grants.address(mezel, subject) == f"{SITE}/aides?texte={text}&insee=04121&dep=04"
        unknown = Subject.objects.get(theme=None)
        assert grants.address(mezel.epci, unknown, department="13") == f"{SITE}/aides?dep=13", "no commune, no subject"
        assert grants.address() == f"{SITE}/aides"

    def test_the_offers_page_leads_elsewhere(
        self, client: Client, grants: Redirection, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(10):
            page = client.get("/offres/", {"commune": "04121", "sujet": "ecole"}).content.decode()
        assert "insee=04121&amp;dep=04" in page and "Dauphin" in page
        assert f'href="{SITE}/aides"' in client.get("/offres/").content.decode()
        Redirection.objects.update(is_active=False)
        assert "Ce n’est pas le guichet" not in client.get("/offres/").content.decode()

    def test_the_home_page_leads_there_too(self, client: Client, grants: Redirection) -> None:
        assert f'href="{SITE}/aides"' in client.get("/").content.decode()
        Redirection.objects.update(is_active=False)
        page = client.get("/").content.decode()
        assert SITE not in page and "DETR" in page

    def test_the_desk_sees_when_each_was_verified(self, client: Client, grants: Redirection, clock: Any) -> None:
        clock.move_to("2026-11-24 10:00")
        with zeal.zeal_ignore():
            row = searched(Stage()).row
        Redirection.objects.exclude(pk=grants.pk).update(verified_on=dt.date(2020, 3, 2))
        client.cookies["sessionid"] = signed_in(Stage().account("adjoint"))
        address = f"/guichet/{row.reference}/reorienter/"
        page = client.get(address).content.decode()
        assert "vérifié le 2\N{NO-BREAK SPACE}mars 2020" in page
        assert page.count("À vérifier") == len(REDIRECTIONS) - 1
        form = client.get(address, {"vers": grants.code}).context["form"]
        assert form.initial["url"] == grants.address(row.collectivity, row.subject, department="04")
        grants.is_active = False
        grants.save()
        assert "url" not in client.get(address, {"vers": grants.code}).context["form"].initial

    def test_a_file_keeps_the_address_of_its_day(self, grants: Redirection) -> None:
        row = SupportRequest.objects.exclude(redirection_url="").first()
        assert row is not None
        before = row.redirection_url
        Redirection.objects.update(url="https://autre.example/")
        row.refresh_from_db()
        assert row.redirection_url == before

    def test_settings_refuse_a_bad_address_and_delete_nothing(self, client: Client, grants: Redirection) -> None:
        person = User.objects.create_superuser("reglages@demo.example", first_name="Ève", last_name="Réglages")
        client.force_login(person, backend="accounts.backends.PortalBackend")
        address = f"/admin/operators/redirection/{grants.pk}/change/"
        values = {
            name: getattr(grants, name) for name in ("code", "label", "reason", "target", "text", "order", "is_active")
        }
        page = client.post(address, {**values, "verified_on": "", "url": f"{SITE}/?a={{nom}}"}).content.decode()
        assert "« {nom} » n’est pas remplacé".replace("« ", "«\xa0").replace(" »", "\xa0»") in page
        answer = client.post(address, {**values, "verified_on": "2026-11-20", "url": f"{SITE}/?a={{commune}}"})
        assert answer.status_code == 302
        assert client.get(address.replace("change", "delete")).status_code == 403
