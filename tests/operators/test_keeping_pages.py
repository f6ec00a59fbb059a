"""The catalogue as a provider, a desk and the agency keep it, page by page."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.sessions import signed_in
from operators.enums import OfferStatus
from operators.models import Offer, Provider
from requests.demonstration.stage import Stage

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
LIST = "/catalogue/"
As = Callable[[str], Client]
WRITTEN = {
    "title": "Diagnostic d’un marché de plein vent",
    "description": "Une visite un jour de marché, puis trois pistes.",
    "themes": ["COM"],
    "subjects": ["commerce"],
    "coverage": "département 04\nsauf Mézel",
    "legal_mode": "free_by_right",
    "price_model": "free",
    "price_label": "Sans frais pour vous",
}


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``)."""


@pytest.fixture
def as_(client: Client) -> As:
    def sign_in(name: str) -> Client:
        client.cookies["sessionid"] = signed_in(Stage().account(name))
        return client

    return sign_in


@pytest.fixture
def own() -> Provider:
    """The body that « offreur » answers for."""
    return Provider.objects.get(organisation=Stage().account("offreur").organisation_id)


def text(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[-2000:]
    return str(response.content.decode())


def written(client: Client, provider: Provider, **changes: Any) -> Any:
    data = {**WRITTEN, "seen": str(uuid4()), **changes}
    return client.post(f"{LIST}nouvelle/?prestataire={provider.code}", data)


def act(client: Client, offer: Offer, act: str, **data: Any) -> Any:
    offer.refresh_from_db()
    return client.post(f"{LIST}{offer.uuid}/", {"acte": act, "seen": offer.mark, **data})


def test_from_the_provider_s_draft_to_the_public_page(as_: As, own: Provider, client: Client) -> None:
    provider = as_("offreur")
    assert own.name in text(provider.get(LIST))
    answer = written(provider, own)
    offer = Offer.objects.get(title=WRITTEN["title"])
    assert answer["Location"] == f"{LIST}{offer.uuid}/" and offer.status == OfferStatus.DRAFT
    page = text(provider.get(answer["Location"]))
    assert "Envoyer à la relecture" in page and 'value="publier"' not in page
    assert act(provider, offer, "soumettre").status_code == 302
    assert act(provider, offer, "publier").status_code == 403

    page = text(provider.get(answer["Location"]))
    assert "Retirer de la relecture" in page and "Retirer du catalogue" not in page

    desk = as_("instructeur")
    assert offer.title in text(desk.get(LIST, {"etat": "a-relire"}))
    assert "Offres à relire" in text(desk.get("/guichet/"))
    assert act(desk, offer, "publier").status_code == 302
    assert "Mézel" in text(desk.get(offer.get_absolute_url()))
    assert "Retirer du catalogue" in text(desk.get(answer["Location"]))
    assert act(desk, offer, "confirmer", capacity_left="").status_code == 302
    assert "Merci\u00a0: l’offre est confirmée" in text(desk.get(answer["Location"]))
    client.logout()
    assert offer.title in text(client.get(offer.get_absolute_url()))


def test_the_same_page_sent_twice_is_one_offer(as_: As, own: Provider) -> None:
    provider = as_("offreur")
    key = provider.get(f"{LIST}nouvelle/?prestataire={own.code}").context["form"]["seen"].value()
    addresses = {written(provider, own, seen=key)["Location"] for _ in range(2)}
    assert len(addresses) == 1 and Offer.objects.filter(title=WRITTEN["title"]).count() == 1


def test_a_change_waits_and_is_shown_beside_what_is_published(as_: As, own: Provider) -> None:
    offer = Offer.objects.filter(provider=own, status="published").first()
    assert offer is not None
    provider = as_("offreur")
    form = provider.get(f"{LIST}{offer.uuid}/modifier/").context["form"]
    data = {**{name: value for name, value in form.initial.items() if value not in (None, "")}, "title": "Autre titre"}
    assert provider.post(f"{LIST}{offer.uuid}/modifier/", data).status_code == 302
    offer.refresh_from_db()
    assert offer.pending is not None and offer.title != "Autre titre"
    desk = as_("instructeur")
    page = text(desk.get(f"{LIST}{offer.uuid}/"))
    assert "Autre titre" in page and "Publier la modification" in page
    assert "Précisez" not in page
    assert act(desk, offer, "renvoyer", note="").status_code == 422
    assert act(desk, offer, "renvoyer", note="Précisez le prix.").status_code == 302
    provider = as_("offreur")
    assert "Précisez le prix." in text(provider.get(f"{LIST}{offer.uuid}/"))
    again = provider.get(f"{LIST}{offer.uuid}/modifier/")
    assert "Précisez le prix." in text(again) and again.context["form"].initial["title"] == "Autre titre"
    desk = as_("instructeur")
    assert desk.get(f"{LIST}{offer.uuid}/modifier/").context["form"].initial["title"] == offer.title
    assert "Abandonner la modification" not in text(desk.get(f"{LIST}{offer.uuid}/"))
    assert act(desk, offer, "abandonner").status_code == 403
    assert "Abandonner la modification" in text(as_("offreur").get(f"{LIST}{offer.uuid}/"))
    assert act(as_("offreur"), offer, "abandonner").status_code == 302
    assert as_("offreur").get(f"{LIST}{offer.uuid}/modifier/").context["form"].initial["title"] == offer.title


def test_the_desk_says_why_it_withdraws(as_: As, own: Provider) -> None:
    offer = Offer.objects.filter(provider=own, status="published").first()
    assert offer is not None
    desk = as_("instructeur")
    assert "Dites pourquoi" in text(act(desk, offer, "retirer"), 422)
    assert act(desk, offer, "retirer", reason="Elle fait double emploi.").status_code == 302
    assert "double emploi" in text(as_("offreur").get(f"{LIST}{offer.uuid}/"))


def test_beyond_the_department_on_purpose_and_seen_by_the_other_desk(as_: As, own: Provider) -> None:
    answer = written(as_("offreur"), own, coverage="département 04 ; Gap", beyond="on")
    assert answer.status_code == 302
    offer = Offer.objects.get(title=WRITTEN["title"])
    desk = as_("instructeur")
    assert act(desk, offer, "publier").status_code == 302
    assert desk.get(f"{LIST}{offer.uuid}/modifier/").context["form"].initial["beyond"] is True
    assert "un autre département qui couvrent" in text(desk.get(f"{LIST}controles/"))


def test_two_tabs(as_: As, own: Provider) -> None:
    offer = Offer.objects.filter(provider=own, status="published").first()
    assert offer is not None
    desk = as_("instructeur")
    form = desk.get(f"{LIST}{offer.uuid}/modifier/").context["form"]
    data = {name: value for name, value in form.initial.items() if value not in (None, "")}
    assert desk.post(f"{LIST}{offer.uuid}/modifier/", {**data, "delay_days": 11}).status_code == 302
    late = desk.post(f"{LIST}{offer.uuid}/modifier/", {**data, "delay_days": 22})
    assert "a changé depuis" in text(late, 409) and "22" in late.content.decode()
    offer.refresh_from_db()
    assert offer.delay_days == 11


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "Donnez un intitulé"),
        ({"title": "x" * 5000}, "160"),
        ({"title": "\x00"}, "nul"),
        ({"coverage": "Atlantide"}, "Aucun territoire ne s’appelle"),
        ({"coverage": "département 99"}, "Aucun département ne porte"),
        ({"coverage": "département 40"}, "Landes (40). Cochez la case"),
        ({"coverage": "France entière"}, "ne couvre pas la France"),
        ({"population_min": "10", "population_max": "9"}, "intervalle de population est vide"),
        ({"population_min": "-4"}, "supérieure ou égale"),
        ({"delay_days": "99999999999999999999"}, "nombre entier"),
        ({"themes": ["ZZZ"]}, "ZZZ"),
        ({"membership_required": "on"}, "quelle adhésion"),
        ({"price_label": "900 €"}, "illustration"),
        ({"source_url": "javascript:alert(1)"}, "URL"),
    ],
)
def test_bad_input_names_the_place(as_: As, own: Provider, changes: dict[str, Any], said: str) -> None:
    page = text(written(as_("offreur"), own, **changes), 422)
    assert said in page and not Offer.objects.filter(description=WRITTEN["description"]).exists()


def test_a_null_character_in_an_address_is_nothing(as_: As, own: Provider) -> None:
    provider = as_("offreur")
    assert provider.get(LIST, {"q": "\x00", "etat": "\x00"}).status_code == 200
    assert provider.get(f"{LIST}nouvelle/", {"prestataire": f"{own.code}\x00"}).status_code == 200


def test_what_is_typed_badly_about_an_act(as_: As, own: Provider) -> None:
    offer = Offer.objects.filter(provider=own, status="published").first()
    assert offer is not None
    provider = as_("offreur")
    assert act(provider, offer, "inventer").status_code == 404
    assert act(provider, offer, "confirmer", capacity_left="beaucoup").status_code == 422
    assert act(provider, offer, "soumettre").status_code == 403
    assert provider.post(f"{LIST}{offer.uuid}/", {"acte": "confirmer", "seen": "vieille"}).status_code == 409
    assert act(provider, offer, "confirmer", capacity_left="2").status_code == 302
    offer.refresh_from_db()
    assert offer.capacity_left == 2
    assert act(provider, offer, "retirer").status_code == 302
    assert "Envoyer à la relecture" in text(provider.get(f"{LIST}{offer.uuid}/"))


def test_nobody_else_s_offer_has_a_page_here(as_: As, own: Provider) -> None:
    other = Offer.objects.exclude(provider=own).exclude(provider__department="04").filter(status="published").first()
    assert other is not None
    for name in ("offreur", "instructeur"):
        client = as_(name)
        for address in (f"{LIST}{other.uuid}/", f"{LIST}{other.uuid}/modifier/"):
            assert client.get(address).status_code == client.post(address, WRITTEN).status_code == 404
        assert client.get(f"{LIST}nouvelle/?prestataire={other.provider.code}").status_code == 404
        assert client.post(f"{LIST}organismes/{other.provider.code}/", {"name": "x"}).status_code == 404
    assert as_("maire").get(LIST).status_code == 403


def test_a_desk_adds_a_body_and_a_provider_does_not(as_: As) -> None:
    sheet = {"name": "Centre de gestion d’essai", "kind": "other_public", "email": "cdg@demo.example"}
    sheet["department"] = "04"
    assert as_("offreur").post(f"{LIST}organismes/nouveau/", sheet).status_code == 403
    desk = as_("instructeur")
    assert "operator" in text(desk.post(f"{LIST}organismes/nouveau/", {**sheet, "kind": "operator"}), 422)
    assert "adresse" in text(desk.post(f"{LIST}organismes/nouveau/", {**sheet, "email": "pas une adresse"}), 422)
    assert desk.post(f"{LIST}organismes/nouveau/", sheet).status_code == 302
    added = Provider.objects.get(name=sheet["name"])
    assert (added.department_id, added.code) == ("04", "centre-de-gestion-d-essai-04")
    assert added.organisation is not None and added.organisation.department_id == "04"
    assert "porte déjà ce nom" in text(desk.post(f"{LIST}organismes/nouveau/", sheet), 422)
    assert desk.post(f"{LIST}organismes/nouveau/", {**sheet, "name": "Autre", "department": "05"}).status_code == 422
    edited = {**sheet, "telephone": "04 92 00 00 00", "kind": "operator"}
    assert desk.post(f"{LIST}organismes/{added.code}/", edited).status_code == 302
    added.refresh_from_db()
    assert (added.telephone, added.kind) == ("04 92 00 00 00", "other_public")


def test_queries_do_not_grow_with_the_catalogue(as_: As, django_assert_max_num_queries: Any) -> None:
    desk = as_("instructeur")
    offer = Offer.objects.filter(provider__department="04").first()
    assert offer is not None
    for address, most in ((LIST, 9), (f"{LIST}{offer.uuid}/", 16), (f"{LIST}{offer.uuid}/modifier/", 12)):
        desk.get(address)
        with django_assert_max_num_queries(most):
            text(desk.get(address))


def test_a_body_taken_out_takes_its_offers_out(as_: As, own: Provider, client: Client) -> None:
    offer = Offer.objects.filter(provider=own, status="published").first()
    assert offer is not None
    address = f"{LIST}organismes/{own.code}/"
    assert as_("offreur").post(address, {"acte": "retirer"}).status_code == 403
    desk = as_("instructeur")
    for _ in range(2):
        assert desk.post(address, {"acte": "retirer"}).status_code == 302
    client.logout()
    assert client.get(offer.get_absolute_url()).status_code == 404
    assert as_("instructeur").post(address, {"acte": "remettre"}).status_code == 302
    client.logout()
    assert client.get(offer.get_absolute_url()).status_code == 200
