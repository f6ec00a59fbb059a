"""The README's tour: one window, and the banner that knows whose turn it is, from the filing to the two answers."""

import re

import pytest

from tests.e2e import steps
from tests.e2e.browser import Open, Visitor


class Window:
    """One file, gone through by pressing what the page offers and nothing else."""

    def __init__(self, visitor: Visitor, need: str, subject: str) -> None:
        self.visitor = visitor
        visitor.go("/")
        visitor.follow("Changer de compte")
        visitor.check()
        visitor.press(re.compile("Mme Bruyère"))
        visitor.reads("Mes demandes")
        self.reference = steps.file_request(visitor, subject=subject, need=need)

    def turn(self, person: str) -> Visitor:
        """The banner names this person, once workers have done their part, and enters his account."""
        button = self.visitor.button(re.compile(f"Suite de {self.reference}.*{person}"))
        for _ in range(40):
            if button.count():
                break
            self.visitor.page.wait_for_timeout(250)
            self.visitor.page.reload()
        self.visitor.press(re.compile(f"Suite de {self.reference}.*{person}"))
        return self.visitor

    def act(self, name: str) -> None:
        link = self.visitor.page.locator(".file-head").get_by_role("link", name=name, exact=True)
        if not link.is_visible():
            self.visitor.page.get_by_text("Autres actions", exact=True).click()
        with self.visitor.page.expect_navigation():
            link.click()

    def qualified(self) -> None:
        desk = self.turn("M. Frêne")
        self.act("Accuser réception")
        desk.press("Accuser réception")
        self.act("Qualifier")
        desk.tick("Commune")
        desk.press("Enregistrer")

    def solicited(self, offer: str) -> None:
        deputy = self.turn("Mme Charme")
        deputy.check()
        self.act("Décider")
        steps.solicit(deputy, offer)

    def accepted(self, solicitation: str) -> None:
        """By the helper before whose eyes his solicitations are; then proposed, agreed, followed to the end."""
        helper = self.visitor
        helper.page.get_by_role("link", name=re.compile(solicitation)).first.click()
        helper.tick("J’accepte")
        helper.press("Envoyer ma réponse")
        self.proposed()
        self.turn("M. Noyer")
        self.closed()

    def proposed(self) -> None:
        desk = self.turn("M. Frêne")
        self.act("Proposer une aide")
        desk.fill("Ce qui est proposé", "Un appui de six mois.")
        desk.press("Proposer à la collectivité")
        mayor = self.turn("Mme Bruyère")
        mayor.follow("Accepter")
        mayor.press("Accepter")
        deputy = self.turn("Mme Charme")
        self.act("Désigner le chargé de suivi")
        steps.choose("Chargé de suivi", "Noyer", deputy)
        deputy.press("Désigner")

    def closed(self) -> None:
        """By whoever follows, before whose eyes the file is; then by the deputy, and the mayor answers."""
        follower = self.visitor
        self.act("Proposer la clôture")
        follower.tick("Réalisé")
        follower.fill("Bilan", "Étude rendue au conseil.")
        follower.press("Proposer la clôture")
        deputy = self.turn("Mme Charme")
        self.act("Confirmer la clôture")
        deputy.press("Confirmer la clôture")
        mayor = self.turn("Mme Bruyère")
        mayor.follow("Répondre")
        for name in ("utile", "délais"):
            mayor.page.get_by_role("radiogroup", name=re.compile(name)).get_by_label("Oui").check(force=True)
        mayor.press("Envoyer ma réponse")
        mayor.reads("Votre réponse est enregistrée.")
        assert not mayor.button(re.compile("Suite de")).count(), "nobody is awaited any longer"


@pytest.fixture
def visitor_alone(screen: Open) -> Visitor:
    return screen()


def test_a_local_provider(visitor_alone: Visitor) -> None:
    window = Window(visitor_alone, "Reconvertir notre ancienne école.", "Bâtiment communal à reconvertir")
    window.qualified()
    window.solicited("Assistance à maîtrise d’ouvrage pour un bâtiment communal")
    window.turn("M. Micocoulier")
    window.accepted("Mézel")


def test_an_operator_without_the_agency(visitor_alone: Visitor) -> None:
    window = Window(visitor_alone, "Monter le budget de l’école.", "Finances, montage juridique, marché public")
    window.qualified()
    window.solicited("Renseignements juridiques et financiers")
    window.turn("Mme Saule").follow("Sollicitations")
    window.accepted("Mézel.*Finances")


def test_to_the_agency_and_an_operator(visitor_alone: Visitor) -> None:
    window = Window(visitor_alone, "Pas de réseau au hameau du haut.", "Internet, téléphone")
    window.qualified()
    deputy = window.turn("Mme Charme")
    window.act("Décider")
    deputy.tick("Insuffisance des ressources locales")
    deputy.press("Préparer la transmission à l’Agence")
    link = deputy.page.locator("#tete").get_by_role("link", name="Préparer la transmission")
    link.wait_for()  # the head comes anew when the worker is done: nobody reloads
    link.click()
    deputy.page.get_by_role("button", name=re.compile("^Insérer les faits")).first.click()
    deputy.press("Enregistrer, relire et signer")
    deputy.tick("J’ai lu la saisine")
    deputy.press("Signer et transmettre")
    agency = window.turn("M. Mélèze")
    window.act("Prendre en charge")
    agency.press("Prendre en charge")
    window.act("Confier à un opérateur")
    agency.tick("Cerema")
    agency.fill("Mission confiée : Cerema", "Étude du réseau mobile")
    agency.press("Confier la mission")
    operator = window.turn("M. Alisier")
    window.act("Répondre à la mission")
    operator.tick("J’accepte")
    operator.press("Envoyer ma réponse")
    window.closed()
