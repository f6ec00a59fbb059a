"""Pages of profile, desk and delegations: who opens them, what they do, what they cost."""

import datetime as dt
import io
from typing import Any

import pikepdf
import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Mandate, Organisation, SignatureAct, User
from accounts.services import mandates, people
from common.actor import Role
from files.models import StoredFile
from territories.models import Collectivity
from tests.accounts.conftest import Box, Builder, signed_in

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _stopped(clock: Any) -> None:
    """3 March 2026."""


@pytest.fixture
def claim(mezel: Collectivity) -> Mandate:
    user = people.register(first_name="Rose", last_name="Ajonc", civility="Mme", email="rose@exemple.fr")
    return mandates.claim(user, collectivity=mezel, function="maire", starts_on=TODAY)


# --- the desk --------------------------------------------------------------------------------------------------------


def test_the_desk_confirms_from_its_list(client: Client, instructor: Mandate, claim: Mandate) -> None:
    signed_in(client, instructor)
    page = client.get("/mandats/").content.decode()
    assert "Rose Ajonc, maire, Mézel (04)" in page
    assert client.post(f"/mandats/{claim.uuid}/confirmer/").url == "/mandats/"
    assert "Aucun mandat n’attend" in client.get("/mandats/").content.decode()
    again = client.post(f"/mandats/{claim.uuid}/confirmer/", follow=True)
    assert again.status_code in (200, 403)


def test_confirming_says_whom_it_ends(client: Client, instructor: Mandate, mayor: Mandate, mezel: Collectivity) -> None:
    user = people.register(first_name="Rose", last_name="Ajonc", email="rose@exemple.fr")
    mandates.claim(user, collectivity=mezel, function="maire", starts_on=TODAY)
    page = signed_in(client, instructor).get("/mandats/").content.decode()
    assert "met fin aux mandats électifs antérieurs" in page
    assert "Bruyere, maire" in page


def test_the_desk_refuses_with_a_reason(client: Client, instructor: Mandate, claim: Mandate) -> None:
    signed_in(client, instructor)
    address = f"/mandats/{claim.uuid}/refuser/"
    assert client.get(address).status_code == 200
    assert "Écrivez le motif." in client.post(address, {"reason": ""}).content.decode()
    assert client.post(address, {"reason": "La mairie ne vous connaît pas."}).url == "/mandats/"
    claim.refresh_from_db()
    assert claim.status == "refused"
    holder = Client()
    holder.force_login(claim.user)
    assert "La mairie ne vous connaît pas." in holder.get("/profil/").content.decode()


def test_a_claim_of_another_department_is_hidden(client: Client, person: Builder, claim: Mandate) -> None:
    signed_in(client, person("voisin", Role.INSTRUCTOR, department="05"))
    assert "Ajonc" not in client.get("/mandats/").content.decode()
    for page in ("confirmer", "refuser", "fin"):
        assert client.post(f"/mandats/{claim.uuid}/{page}/").status_code == 404
    claim.refresh_from_db()
    assert claim.status == "claimed"


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.PROVIDER, Role.CMT, Role.NATIONAL, Role.ADMINISTRATOR])
def test_the_desk_s_pages_are_the_desk_s(
    client: Client, person: Builder, mezel: Collectivity, claim: Mandate, role: Role
) -> None:
    fields = {"collectivity": mezel} if role is Role.OFFICIAL else {}
    signed_in(client, person("autre", role, **fields))
    assert client.get("/mandats/").status_code == 403
    assert client.get("/mandats/renfort/").status_code == 403
    assert client.post(f"/mandats/{claim.uuid}/confirmer/").status_code == 403
    assert client.get(f"/mandats/{claim.uuid}/refuser/").status_code in (403, 404)


@pytest.mark.parametrize("page", ["/mandats/", "/mandat/", "/profil/", "/delegations/", "/profil/mandat/"])
def test_a_visitor_signs_in_first(client: Client, db: None, page: str) -> None:
    assert client.get(page).url == f"/connexion/?next={page}"


def test_a_person_with_several_mandates_chooses_first(client: Client, instructor: Mandate, person: Builder) -> None:
    person("frene", Role.FOLLOW_UP_OFFICER, department="04")
    client.force_login(instructor.user)
    assert client.get("/mandats/").url == "/mandat/?next=%2Fmandats%2F"


def test_the_desk_ends_the_mandate_of_a_collectivity(client: Client, instructor: Mandate, mayor: Mandate) -> None:
    signed_in(client, instructor)
    assert client.post(f"/mandats/{mayor.uuid}/fin/", {"on": "2026-03-03"}).url == "/mandats/"
    mayor.refresh_from_db()
    assert mayor.status == "ended"


@pytest.mark.parametrize("claims", [1, 12])
def test_the_desk_s_list_costs_the_same_for_one_or_many(
    client: Client, instructor: Mandate, claims: int, django_assert_max_num_queries: Any
) -> None:
    bodies = Collectivity.objects.filter(department_id="04", kind="commune")[:claims]
    for index, body in enumerate(bodies):
        user = people.register(first_name="A", last_name=f"B{index}", email=f"b{index}@exemple.fr")
        mandates.claim(user, collectivity=body, function="maire")
    signed_in(client, instructor)
    with django_assert_max_num_queries(8):
        page = client.get("/mandats/")
    assert page.content.decode().count(">Confirmer<") == claims


def test_a_delegate_takes_a_reinforcement(client: Client, delegate: Mandate, person: Builder) -> None:
    person("aulne", Role.INSTRUCTOR, department="90")
    signed_in(client, delegate)
    assert "n’appartient pas" in client.post(
        "/mandats/renfort/", {"email": "inconnue@exemple.fr", "until": "2026-03-31"}
    ).content.decode()  # fmt: skip
    assert client.post("/mandats/renfort/", {"email": "AULNE@exemple.fr", "until": "2026-03-31"}).url == "/mandats/"
    assert (
        "jusqu’au 1<sup>er</sup> avril 2026" in client.get("/mandats/").content.decode()
        or "avril 2026" in client.get("/mandats/").content.decode()
    )


def test_an_instructor_takes_none(client: Client, instructor: Mandate) -> None:
    assert signed_in(client, instructor).get("/mandats/renfort/").status_code == 403


# --- profile ---------------------------------------------------------------------------------------------------------


def test_one_claims_another_mandate(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    page = client.post("/profil/mandat/", {"collectivity": "200067437", "function": "president"})
    assert page.url == "/profil/"
    assert Mandate.objects.get(collectivity__code="200067437").status == "claimed"


def test_one_proves_a_claim_by_the_official_address(
    client: Client, claim: Mandate, town_hall: Organisation, box: Box
) -> None:
    client.force_login(claim.user)
    address = f"/profil/mandat/{claim.uuid}/preuve/"
    page = client.get(address).content.decode()
    assert "m…e@mezel.exemple.fr" in page
    assert "mairie@mezel" not in page
    assert client.post(address, {"send": "1"}).url == f"{address}?envoye=1"
    assert client.post(address, {"code": "1"}).status_code == 400
    assert client.post(address, {"code": box.codes[0]}).url == "/profil/"
    claim.refresh_from_db()
    assert (claim.status, claim.proof) == ("confirmed", "official_address")
    assert client.get(address).status_code == 403, "nothing left to prove"


def test_without_an_official_address_the_desk_confirms(client: Client, claim: Mandate) -> None:
    client.force_login(claim.user)
    address = f"/profil/mandat/{claim.uuid}/preuve/"
    assert "La préfecture confirme votre mandat" in client.get(address).content.decode()
    assert client.post(address, {"send": "1"}).status_code == 404


def test_nobody_proves_or_ends_the_mandate_of_another(client: Client, claim: Mandate, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    for page in ("preuve", "fin"):
        assert client.get(f"/profil/mandat/{claim.uuid}/{page}/").status_code == 404


def test_one_leaves_one_s_function(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    assert client.post(f"/profil/mandat/{mayor.uuid}/fin/", {"on": "2026-03-03"}).url == "/profil/"
    assert "Terminé" in client.get("/profil/").content.decode()


def test_one_corrects_one_s_names(client: Client, mayor: Mandate) -> None:
    client.force_login(mayor.user)
    given = {"civility": "Mme", "first_name": "Jeanne", "last_name": "Bruyère", "telephone": "04 92 00 00 00"}
    assert client.post("/profil/modifier/", given).url == "/profil/"
    assert User.objects.get(pk=mayor.user_id).full_name == "Jeanne Bruyère"


# --- delegations -----------------------------------------------------------------------------------------------------


def order(delegate: Mandate, deputy: Mandate, **changes: Any) -> dict[str, Any]:
    return {
        "delegating": delegate.pk, "signatory": deputy.pk, "number": "2026-062-001", "gazette": "RAA n° 04-2026-040",
        "signed_on": "2026-03-02", "published_on": "2026-03-03", "starts_on": "2026-03-03",
        "matters": ["referral", "closing"], "quality_block": "la directrice départementale des territoires", **changes,
    }  # fmt: skip


def test_the_delegate_records_an_order_with_its_scan(client: Client, delegate: Mandate, deputy: Mandate) -> None:
    signed_in(client, delegate)
    assert client.get("/delegations/nouvelle/").status_code == 200
    scan = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(scan)
    scan.seek(0)
    scan.name = "arrêté.pdf"
    response = client.post("/delegations/nouvelle/", order(delegate, deputy, scan=scan))
    assert response.status_code == 302, response.context["form"].errors
    assert response.url == "/delegations/?departement=04"
    act = SignatureAct.objects.get()
    assert act.scan is not None
    page = client.get("/delegations/").content.decode()
    assert "2026-062-001" in page
    assert "En vigueur" in page
    copy = client.get(f"/delegations/{act.uuid}/copie/")
    assert copy.status_code in (200, 403), "403 while the scan of viruses is awaited"
    scan.seek(0)
    again = client.post("/delegations/nouvelle/", order(delegate, deputy, scan=scan))
    assert again.status_code == 409
    assert StoredFile.objects.count() == 1, "an order refused leaves no scan behind"


def test_an_order_that_does_not_hold_is_shown_again(client: Client, delegate: Mandate, deputy: Mandate) -> None:
    signed_in(client, delegate)
    page = client.post("/delegations/nouvelle/", order(delegate, deputy, starts_on="2026-03-01", matters=["referral"]))
    assert page.status_code == 400
    assert "Un arrêté entre en vigueur après sa publication." in page.content.decode()
    assert 'href="#id_starts_on"' in page.content.decode()
    assert not SignatureAct.objects.exists()


def test_the_choices_are_those_of_the_department(
    client: Client, delegate: Mandate, deputy: Mandate, person: Builder
) -> None:
    elsewhere = person("voisine", Role.DEPUTY, department="05")
    signed_in(client, delegate)
    page = client.post("/delegations/nouvelle/", order(delegate, elsewhere))
    assert page.status_code == 200
    assert not SignatureAct.objects.exists()


def test_a_deputy_and_an_instructor_read_and_no_more(
    client: Client, act: SignatureAct, deputy: Mandate, instructor: Mandate
) -> None:
    for who in (deputy, instructor):
        client = signed_in(Client(), who)
        assert client.get("/delegations/").status_code == 200
        for page in ("/delegations/nouvelle/", "/delegations/changement-de-prefet/", f"/delegations/{act.uuid}/fin/"):
            assert client.get(page).status_code == 403, page
            assert client.post(page).status_code == 403, page


def test_another_department_is_hidden(client: Client, act: SignatureAct, person: Builder) -> None:
    signed_in(client, person("voisin", Role.DELEGATE, department="05"))
    assert "2025-006-001" not in client.get("/delegations/").content.decode()
    assert client.get("/delegations/", {"departement": "04"}).status_code == 404
    assert client.get("/delegations/", {"departement": "0\x00"}).status_code == 404
    assert client.post("/delegations/changement-de-prefet/?departement=04").status_code == 404
    assert client.get(f"/delegations/{act.uuid}/fin/").status_code == 404
    assert client.get(f"/delegations/{act.uuid}/copie/").status_code == 404


def test_officials_see_no_delegations(client: Client, act: SignatureAct, mayor: Mandate) -> None:
    signed_in(client, mayor)
    for page in ("/delegations/", "/delegations/nouvelle/", f"/delegations/{act.uuid}/copie/"):
        assert client.get(page).status_code == 403


def test_the_administrator_changes_the_prefect(
    client: Client, act: SignatureAct, deputy: Mandate, administrator: Mandate
) -> None:
    signed_in(client, administrator)
    assert "Voir ses délégations" in client.get("/delegations/").content.decode()
    assert client.get("/delegations/nouvelle/").url == "/delegations/", "of which department?"
    page = client.get("/delegations/changement-de-prefet/", {"departement": "04"}).content.decode()
    assert "2025-006-001" in page
    given = {"departement": "04", "civility": "Mme", "first_name": "Louise", "last_name": "Cade", "on": "2026-03-03"}
    done = client.post("/delegations/changement-de-prefet/", given, follow=True)
    assert "1 délégation close" in done.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    act.refresh_from_db()
    assert act.ended_reason == "change_of_prefect"
    assert Mandate.objects.get(user__last_name="Cade").function == "préfète"


def test_an_order_is_repealed(client: Client, act: SignatureAct, delegate: Mandate) -> None:
    signed_in(client, delegate)
    given = {"on": "2026-03-03", "reason": "repealed"}
    assert client.post(f"/delegations/{act.uuid}/fin/", given).url == "/delegations/?departement=04"
    page = client.get("/delegations/").content.decode()
    assert "Sans effet aujourd’hui" in page


# --- every page ------------------------------------------------------------------------------------------------------


def test_pages_are_plain_and_titled(
    client: Client, act: SignatureAct, delegate: Mandate, claim: Mandate, administrator: Mandate
) -> None:
    signed_in(client, delegate)
    pages = ["/profil/", "/profil/modifier/", "/profil/mot-de-passe/", "/profil/mandat/", "/mandat/", "/mandats/",
             f"/mandats/{claim.uuid}/refuser/", "/mandats/renfort/", "/delegations/", "/delegations/nouvelle/",
             "/delegations/changement-de-prefet/", f"/delegations/{act.uuid}/fin/"]  # fmt: skip
    for address in pages:
        page = client.get(address).content.decode()
        assert page.count("<h1") == 1, address
        assert "<title>" in page
        assert " style=" not in page, address
        assert "onclick" not in page, address


@pytest.mark.parametrize("model", ["user", "organisation", "mandate", "signatureact", "apitoken"])
def test_the_settings_open(client: Client, administrator: Mandate, act: SignatureAct, model: str) -> None:
    client.force_login(administrator.user)
    assert client.get(f"/admin/accounts/{model}/").status_code == 200
    if model != "apitoken":
        assert client.get(f"/admin/accounts/{model}/add/").status_code == 200


def test_the_administrator_creates_a_person_and_an_appointment(client: Client, administrator: Mandate) -> None:
    client.force_login(administrator.user)
    given = {"email": " Nouvelle@Exemple.fr", "first_name": "Léa", "last_name": "Houx", "is_active": "on"}
    assert client.post("/admin/accounts/user/add/", given).status_code == 302
    user = User.objects.get(email="nouvelle@exemple.fr")
    assert not user.has_usable_password()
    given = {"user": user.pk, "role": "instructor", "function": "instructrice", "department": "04",
             "starts_on": "2026-03-03"}  # fmt: skip
    assert client.post("/admin/accounts/mandate/add/", given).status_code == 302
    mandate = Mandate.objects.get(user=user)
    assert (mandate.status, mandate.proof, mandate.confirmed_by_id) == (
        "confirmed", "appointment", administrator.user_id,
    )  # fmt: skip


def test_the_settings_say_no_more_than_the_database_allows(client: Client, administrator: Mandate) -> None:
    client.force_login(administrator.user)
    given = {"user": administrator.user_id, "role": "instructor", "function": "x", "starts_on": "2026-03-03"}
    page = client.post("/admin/accounts/mandate/add/", given)
    assert page.status_code == 200
    assert "Ce rôle s’exerce dans un département." in page.content.decode()


def test_the_settings_lead_to_no_other_site(client: Client, administrator: Mandate) -> None:
    client.force_login(administrator.user)
    assert client.get("/admin/login/", {"next": "https://ailleurs.example/"}).url == "/admin/"
    assert client.get("/admin/login/", {"next": "/admin/accounts/"}).url == "/admin/accounts/"


def test_only_a_superuser_changes_a_superuser(client: Client, administrator: Mandate, instructor: Mandate) -> None:
    User.objects.filter(pk=instructor.user_id).update(is_staff=True)
    instructor.user.refresh_from_db()
    instructor.user.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    client.force_login(instructor.user)
    given = {"email": "frene@exemple.fr", "first_name": "A", "last_name": "Laurier"}
    assert client.post(f"/admin/accounts/user/{administrator.user_id}/change/", given).status_code == 403
    assert client.post(f"/admin/accounts/user/{instructor.user_id}/change/", given).status_code == 302


def test_the_same_appointment_twice_is_refused_in_the_form(
    client: Client, administrator: Mandate, instructor: Mandate
) -> None:
    client.force_login(administrator.user)
    given = {"user": instructor.user_id, "role": "instructor", "function": "instructeur", "department": "04",
             "starts_on": "2026-03-03"}  # fmt: skip
    page = client.post("/admin/accounts/mandate/add/", given)
    assert "Cette personne a déjà ce mandat." in page.content.decode()
