"""The public pages: words, links, budgets. They are read-only and need no account."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from operators.matching.criteria import CRITERIA
from operators.matching.versions import current
from operators.models import Offer, Provider, Subject
from tests.operators.factories import offer, provider

pytestmark = pytest.mark.django_db
NB = "\u00a0"


def cost(get: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert get().status_code == 200
    return len([query for query in queries if "SAVEPOINT" not in query["sql"] and "set_config" not in query["sql"]])


def text(response: Any) -> str:
    return response.content.decode()


def test_the_page_without_a_body_asks_for_one(client: Client) -> None:
    page = text(client.get("/offres/"))
    assert "Que peut obtenir ma commune" in page and "Indiquez votre commune" in page


def test_mezel_and_its_shop(client: Client, catalogue: None) -> None:
    page = text(client.get("/offres/", {"commune": "04121", "sujet": "commerce"}))
    assert "Dernier commerce" in page and "Ingénierie et territoires 04" in page
    assert "couvre votre commune (tout le département), sujet commerce, café, marché" in page
    assert f"À vérifier{NB}: adhésion à Ingénierie et territoires 04." in page
    assert "Sans frais pour vous" in page and f"Mode de recours{NB}: Gratuit de droit" in page
    assert "Illustration" in page and "%" not in page.split("resultats")[1].split("</section>")[0]


def test_near_misses_say_why_not(client: Client, catalogue: None) -> None:
    page = text(client.get("/offres/", {"commune": "04121", "sujet": "commerce"}))
    assert "réservée aux membres du programme Petites villes de demain" in page
    assert "traite d’autres thèmes" not in page
    aside = page.split('id="ecartees"')[1].split("</section>")[0]
    assert aside.count(">Illustration</span>") == aside.count("<li>") > 0


def test_an_unknown_name_and_a_missing_one(client: Client) -> None:
    assert "fr-input-group--error" in text(client.get("/offres/", {"commune": "zzzzzz"}))
    assert "commencez à taper son nom" in text(client.get("/offres/", {"commune": ""}))


def test_nothing_found_is_said_and_leads_on(client: Client) -> None:
    page = text(client.get("/offres/", {"commune": "04121"}))
    assert "Aucune offre repérée" in page


def test_one_offer(client: Client, catalogue: None) -> None:
    found = Offer.objects.get(code="bdt-pvd")
    page = text(client.get(found.get_absolute_url()))
    assert "Petites villes de demain" in page and f"31{NB}décembre 2026" in page and "France entière" in page
    assert "inventée pour la démonstration" in page
    assert str(found.pk) not in found.get_absolute_url().strip("/").split("/")


def test_a_draft_is_hidden_and_an_inactive_provider_too(client: Client) -> None:
    caue = provider()
    draft = Offer.objects.create(code="brouillon", title="Brouillon", provider=caue)
    shown = offer(of=caue)
    assert client.get(draft.get_absolute_url()).status_code == 404
    Provider.objects.update(is_active=False)
    assert client.get(shown.get_absolute_url()).status_code == 404
    assert client.get(caue.get_absolute_url()).status_code == 404


def test_a_provider_and_its_agreement(client: Client, catalogue: None) -> None:
    page = text(client.get("/offres/prestataires/cerema/"))
    assert "De novembre 2023 à octobre 2027" in page and "Ponts des communes" in page


def test_a_provider_covers_what_its_published_offers_cover(client: Client) -> None:
    caue = provider()
    offer("large", of=caue)
    offer("fine", of=caue, areas=(("commune", "04121"), ("department", "04")))
    offer("brouillon", of=caue, areas=(("department", "05"),), status="draft")
    page = text(client.get(caue.get_absolute_url()))
    assert "Intervient\N{NO-BREAK SPACE}: Alpes-de-Haute-Provence (04), Mézel" in page


def test_the_rules_are_the_engine_s(client: Client) -> None:
    response = client.get("/comment-une-demande-est-orientee/")
    page = text(response)
    assert all(criterion.label.replace("’", "’") in page for criterion in CRITERIA)
    assert "la décision est prise par une personne" in page
    version, digest = current()
    assert f"version {version} (empreinte des tables&nbsp;: {digest[:12]})" in page
    for table in ("criteres", "valeurs", "points", "seuils"):
        assert f'id="{table}"' in response.text
    assert cost(lambda: client.get("/comment-une-demande-est-orientee/")) == 0


def test_budgets_do_not_grow(client: Client) -> None:
    """At most eight queries for the list, fifteen for one offer; the same for 1, 10 and 100 rows."""
    subject = Subject.objects.create(code="commerce", label="Commerce", theme="COM", group="activity")
    caue = provider()
    lists, details, providers = set(), set(), set()
    made = 0
    for wanted in (1, 10, 100):
        while made < wanted:
            found = offer(f"offre-{made}", of=caue)
            found.subjects.add(subject)
            made += 1
        lists.add(cost(lambda: client.get("/offres/", {"commune": "04121", "sujet": "commerce"})))
        address = found.get_absolute_url()
        details.add(cost(lambda address=address: client.get(address)))
        providers.add(cost(lambda: client.get(caue.get_absolute_url())))
    assert len(lists) == len(details) == len(providers) == 1, (lists, details, providers)
    assert lists.pop() <= 8 and details.pop() <= 15 and providers.pop() <= 15


def test_the_panel_of_a_territory(client: Client, catalogue: None) -> None:
    page = text(client.get("/territoires/04121/"))
    assert "Qui peut aider" in page and "/offres/?commune=04121" in page
    village = text(client.get("/territoires/15117/"))
    assert "Villages d’avenir" in village
    assert "Qui peut aider" not in text(client.get("/territoires/REG-93/"))


def test_a_card_says_whom_to_call_and_its_links_carry_the_question(client: Client) -> None:
    caue = provider(telephone="0492000000", email="caue@demo.example", website="https://caue.example")
    found = offer(of=caue)
    Subject.objects.create(code="commerce", label="Commerce", theme="COM", group="activity")
    page = text(client.get("/offres/", {"commune": "04121", "sujet": "commerce"}))
    assert (
        f"04{NB}92{NB}00{NB}00{NB}00" in page and "mailto:caue@demo.example" in page and "https://caue.example" in page
    )
    assert f'href="{found.get_absolute_url()}?commune=04121&amp;sujet=commerce"' in page
    assert "/demandes/nouvelle/?collectivite=04121&amp;sujet=commerce" in page
    assert 'href="/offres/guide/04/"' in page
    Provider.objects.update(telephone="", email="", website="")
    assert "par le guichet du département" in text(client.get("/offres/", {"commune": "04121"}))


def test_an_offer_says_whether_it_is_open_to_the_body_that_asked(client: Client) -> None:
    found = offer(of=provider(), population_max=1000)
    address = found.get_absolute_url()
    near = text(client.get(address, {"commune": "04121", "sujet": "commerce"}))
    assert "Pour Mézel (04)" in near and "Rien n’exclut votre collectivité" in near
    assert "/offres/?commune=04121&amp;sujet=commerce" in near
    assert "Cette offre ne convient pas" in text(client.get(address, {"commune": "04070"}))
    assert "ne couvre pas votre territoire" in text(client.get(address, {"commune": "90010"}))
    for nobody in ("", "zzz", "\x00", "99999"):
        assert "Pour " not in text(client.get(address, {"commune": nobody})).split("<main")[1].split("Ce que")[0]


def test_near_misses_and_the_guide_on_a_territory(client: Client) -> None:
    offer(of=provider(), title="Petits villages", population_max=500)
    page = text(client.get("/territoires/04121/"))
    assert "Écartées de peu, et pourquoi (1)" in page and "Petits villages" in page
    said = page.split("Petits villages")[1].split("</li>")[0]
    assert f"réservée aux collectivités de moins de 501{NB}habitants\u202f; population connue{NB}:" in said
    assert 'href="/offres/guide/04/"' in page
    assert 'href="/offres/guide/04/"' in text(client.get("/territoires/04/"))
