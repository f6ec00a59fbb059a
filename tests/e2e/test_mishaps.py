"""What goes wrong in real life: a double click, the back button, an expired session, no script, a slow network."""

import re
import uuid

from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.browser import DOMAIN, Open, Visitor
from tests.e2e.stack import DEMONSTRATION_CODE, Stack


def references(mayor: Visitor, need: str) -> list[str]:
    """The requests of one's list that bear these words."""
    mayor.go("/demandes/")
    items = mayor.page.get_by_role("listitem").filter(has=mayor.page.get_by_role("link", name=need))
    return [found.group() for text in items.all_text_contents() if (found := steps.REFERENCE.search(text))]


def ready_to_send(mayor: Visitor, need: str) -> None:
    steps.describe(mayor, subject="Église, patrimoine, musée", need=need)
    mayor.fill("Téléphone", "04 92 35 00 00")
    mayor.press("Continuer")
    steps.confirm(mayor)


def test_a_double_click_sends_once_and_the_back_button_sends_nothing_again(phone: Open) -> None:
    mayor = phone("maire")
    need = f"Le clocher {uuid.uuid4().hex[:8]} penche"
    ready_to_send(mayor, need)
    with mayor.page.expect_navigation(url=re.compile("/envoyee/$")):
        mayor.button("Envoyer la demande").dblclick()
    reference = steps.sent_reference(mayor)
    mayor.page.go_back()
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text(re.compile("Vérifier et envoyer|envoyée"))
    if mayor.button("Envoyer la demande").count():  # the browser kept the page: sending it again changes nothing
        steps.confirm(mayor)
        mayor.press("Envoyer la demande")
    assert steps.sent_reference(mayor) == reference
    assert references(mayor, need) == [reference]


def test_a_session_that_expires_in_the_middle_of_typing_loses_nothing(phone: Open) -> None:
    mayor = phone()
    mayor.sign_in_by_password("maire")
    need = f"La chapelle {uuid.uuid4().hex[:8]} prend l’eau"
    steps.describe(mayor, subject="Église, patrimoine, musée", need=need)
    mayor.page.go_back()
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Ce que vous avez déjà")
    mayor.context.clear_cookies(name="sessionid")
    said = "Ils ont dit qu’ils n’avaient personne avant l’automne."
    mayor.fill("Que vous ont-ils répondu", said)
    mayor.press("Continuer")
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Se connecter")
    mayor.reads("Votre session a expiré")
    mayor.check()
    mayor.sign_in_by_code(f"maire@{DOMAIN}")
    expect(mayor.field("Que vous ont-ils répondu")).to_have_value(said)
    mayor.press("Continuer")
    mayor.fill("Téléphone", "04 92 35 00 00")
    mayor.press("Continuer")
    mayor.reads(need, said)


def test_filing_without_scripts(phone: Open) -> None:
    """Every step by plain forms, the commune recognised from its name by the server."""
    mayor = phone(scripts=False)
    address = f"sans.script.{uuid.uuid4().hex[:8]}@exemple.fr"
    mayor.go("/demandes/nouvelle/")
    mayor.fill("Pour quelle collectivité", "Annot")
    mayor.page.get_by_label("Eau potable, assainissement", exact=True).check(force=True)
    mayor.fill("En quelques phrases", "La source ne suffit plus en août.")
    mayor.tick("Une idée")
    mayor.press("Continuer")
    mayor.press("Continuer")
    mayor.sign_in_by_code(address)
    mayor.tick("M.")
    mayor.fill("Prénom", "Jean")
    mayor.fill("Nom", "Sans-Script")
    mayor.tick("Maire")
    mayor.press("Créer mon compte")
    reference = steps.send(mayor)
    mayor.follow("Suivre cette demande")
    mayor.reads("Demande envoyée")
    mayor.portal.mail(address, reference)


def test_a_slow_network_keeps_one_draft_and_one_version(phone: Open) -> None:
    """What was being saved when one goes on is neither another device's version, nor an expired session."""
    mayor = phone()
    devtools = mayor.context.new_cdp_session(mayor.page)
    mayor.go("/demandes/nouvelle/")
    devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    mayor.fill("Pour quelle collectivité", "04039")
    mayor.fill("En quelques phrases", "Le four à pain s’écroule.")
    mayor.page.get_by_label("Autres sujets").or_(mayor.field("En quelques phrases")).first.blur()
    subject = mayor.page.get_by_label("Église, patrimoine, musée", exact=True)
    subject.locator("xpath=ancestor::details").locator("summary").click()
    subject.check(force=True)
    mayor.tick("Une idée")
    mayor.press("Continuer")
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Ce que vous avez déjà", timeout=20_000)
    mayor.reads("Castellane")


def test_a_password_and_the_printed_code(portal: Stack, screen: Open) -> None:
    agent = screen()
    agent.go("/connexion/mot-de-passe/")
    agent.fill("Adresse électronique", f"dg@{DOMAIN}")
    agent.fill("Mot de passe", "une erreur")
    agent.press("Me connecter")
    agent.reads("Adresse ou mot de passe incorrects.")
    agent.check()
    agent.fill("Mot de passe", "demonstration")
    agent.press("Me connecter")
    expect(agent.page.get_by_role("heading", level=1)).to_have_text("Confirmez que c’est bien vous")
    agent.reads(DEMONSTRATION_CODE)
    agent.check()
    agent.fill("Code à six chiffres", "000000")
    agent.press("Me connecter")
    agent.reads("Ce code n’est pas le bon")
    agent.fill("Code à six chiffres", DEMONSTRATION_CODE)
    agent.press("Me connecter")
    agent.go("/national/")
    expect(agent.page.get_by_role("heading", level=1)).to_have_text("Saisines reçues par l’Agence")
    agent.button("Se déconnecter").first.click()
    agent.go("/national/")
    expect(agent.page.get_by_role("heading", level=1)).to_have_text("Se connecter")
