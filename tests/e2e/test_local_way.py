"""The local way, from a mayor whom nobody knows to his two answers at the end."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.browser import Open, Visitor

NAME = f"Genêtière-{uuid.uuid4().hex[:6].upper()}"
MAYOR = f"{NAME.lower()}@exemple.fr".replace("ê", "e").replace("è", "e")
NEED = "La dernière épicerie ferme en juin. La commune possède le local d’en face. Que peut-on y faire ?"


@pytest.fixture
def mayor(phone: Open) -> Visitor:
    return phone()


def declare_function(mayor: Visitor) -> None:
    """« Première visite »: the commune of the draft is already chosen."""
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Première visite")
    mayor.check()
    mayor.tick("Mme")
    mayor.fill("Prénom", "Rose")
    mayor.fill("Nom", NAME)
    assert "Castellane" in mayor.page.get_by_role("combobox", name="Commune ou intercommunalité").input_value()
    mayor.tick("Maire")
    mayor.press("Créer mon compte")


def test_from_an_unknown_mayor_to_the_two_answers(mayor: Visitor, phone: Open, screen: Open) -> None:
    # without an account: the need, then what one has already
    steps.describe(mayor, subject="Commerce, café, marché", need=NEED, collectivity="castellan → Castellane (04)")
    # the address is asked only now; an unknown one is a first visit
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Se connecter")
    mayor.check()
    mayor.sign_in_by_code(MAYOR)
    declare_function(mayor)
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Vous")
    mayor.reads("Castellane", "Alpes-de-Haute-Provence (04)")
    mayor.check()
    reference = steps.send(mayor)
    assert reference.split("-")[1] == "04"
    mayor.reads("Référence", reference)
    mayor.check()
    mayor.follow("Suivre cette demande")
    mayor.check()
    mayor.portal.mail(MAYOR, reference)

    # the desk sees it unread; the mandate is confirmed in one click
    desk = screen("instructeur")
    desk.go("/guichet/?vue=a-lire")
    row = desk.page.get_by_role("row", name=re.compile(reference))
    expect(row).to_contain_text("Non lue.")
    expect(row).to_contain_text("Castellane")
    desk.check()
    desk.go("/guichet/")
    desk.follow(re.compile("Mandats à confirmer"))
    claim = desk.page.get_by_role("region", name=re.compile(NAME))
    desk.check()
    with desk.page.expect_navigation():
        claim.get_by_role("button", name="Confirmer").click()
    desk.reads(f"Le mandat de Mme {NAME}, maire est confirmé")

    # acknowledged, qualified; the worker assesses
    steps.file_page(desk, reference)
    desk.check()
    steps.acknowledge(desk, reference)
    steps.qualify(desk, reference, theme="Redynamisation commerciale et artisanale")
    steps.proposal_is_there(desk, reference)
    desk.reads("Deux offres locales conviennent.")
    desk.check()

    # the deputy decides; the worker dispatches, and the mayor's page shows it within seconds
    deputy = screen("adjoint")
    steps.decide_local(
        deputy,
        reference,
        "Assistance à maîtrise d’ouvrage pour un bâtiment communal",
        "Dernier commerce : étude de reprise",
        reason="Le bâtiment d’abord, la reprise ensuite.",
    )
    steps.opens(mayor, reference)
    mayor.sees_within_seconds("Étudiée : une aide est cherchée près de chez vous")
    mayor.check()

    # one provider accepts on the portal, the desk notes the other's answer by telephone
    provider = screen("offreur")
    provider.go("/sollicitations/")
    provider.check()
    provider.page.get_by_role("link", name=re.compile("Castellane")).first.click()
    provider.reads("Castellane")
    provider.does_not_read("Notes internes", "04 92 35 00 00", MAYOR)
    provider.check()
    provider.fill("Votre message", "Le local est-il libre d’occupation ?")
    provider.press("Envoyer au guichet")
    provider.reads("Le local est-il libre d’occupation ?")
    provider.tick("J’accepte")
    provider.fill("Condition éventuelle", "Si la commune adhère.")
    provider.press("Envoyer ma réponse")
    provider.reads("Acceptée")

    steps.file_page(desk, reference)
    desk.reads("Le local est-il libre d’occupation ?", "Si la commune adhère.")
    desk.follow(re.compile("^Noter une réponse reçue par téléphone"))
    desk.check()
    desk.tick("J’accepte")
    desk.press("Enregistrer cette réponse")

    # proposed by the desk, accepted on the telephone
    steps.propose(
        desk, reference, text="L’agence technique dessine trois usages du local.", price="Compris dans l’adhésion"
    )
    steps.opens(mayor, reference)
    mayor.reads("L’agence technique dessine trois usages du local.", "Compris dans l’adhésion")
    mayor.check()
    mayor.follow("Accepter")
    mayor.check()
    mayor.press("Accepter")
    mayor.reads("Votre accord est enregistré.")

    # named, followed, closed in two hands
    steps.designate(deputy, reference, "Noyer")
    officer = screen("suivi")
    steps.act(officer, reference, "Noter une étape")
    officer.fill("Ce qui a eu lieu", "Visite du local avec la maire.")
    officer.press("Noter")
    officer.reads("Étape notée.")
    officer.check()
    steps.act(officer, reference, "Proposer la clôture")
    officer.tick("Réalisé")
    officer.fill("Bilan", "Trois scénarios remis et présentés au conseil.")
    officer.fill("Recommandations", "Chercher un exploitant avant l’été.")
    officer.press("Proposer la clôture")
    officer.reads("Clôture proposée")
    steps.opens(mayor, reference)
    mayor.reads("Visite du local avec la maire.", "M. Noyer")
    mayor.does_not_read("Le local est-il libre d’occupation ?")
    steps.act(deputy, reference, "Confirmer la clôture")
    deputy.reads("Trois scénarios remis et présentés au conseil.")
    deputy.press("Confirmer la clôture")
    deputy.reads("Demande clôturée.")

    # two questions
    steps.opens(mayor, reference)
    mayor.follow("Répondre")
    mayor.check()
    useful, quick = (
        mayor.page.get_by_role("radiogroup", name=name) for name in (re.compile("utile"), re.compile("délais"))
    )
    useful.get_by_label("Oui").check(force=True)
    quick.get_by_label("Non").check(force=True)
    mayor.press("Envoyer ma réponse")
    mayor.reads("Votre réponse est enregistrée.")
    steps.file_page(desk, reference)
    desk.reads("Clôturée", "Chercher un exploitant avant l’été.")
    desk.check()
