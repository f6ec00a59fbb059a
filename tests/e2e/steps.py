"""What people do to a request, each in one function: the journeys put them together."""

import re

from playwright.sync_api import expect

from tests.e2e.browser import Visitor, starting

REFERENCE = re.compile(r"\d{4}-[0-9AB]{2,3}-\d{5}")
#: 200 characters at least (SCREENS 6).
JUSTIFICATION = (
    "Le catalogue du département ne compte aucun prestataire pour ce sujet ; l’intercommunalité n’a pas d’agent "
    "compétent et la commune, qui emploie une secrétaire à mi-temps, ne peut ni rédiger un cahier des charges ni "
    "suivre une étude de cette nature sans aide extérieure."
)


def choose(select: str, words: str, visitor: Visitor) -> None:
    """In a list of choices, the one that bears these words."""
    field = visitor.page.get_by_role("combobox", name=starting(select))
    options = field.locator("option").all_text_contents()
    found = [option for option in options if words in option]
    assert len(found) == 1, f"« {words} » in « {select} »: {options}"
    field.select_option(label=found[0].strip())


# --- the mayor -------------------------------------------------------------------------------------------------------


def describe(mayor: Visitor, *, subject: str, need: str, collectivity: str = "") -> None:
    """Step 1, then step 2 left as it is: leads to « Vous », or to signing in."""
    mayor.go("/demandes/nouvelle/")
    if collectivity:
        name, label = collectivity.split(" → ")
        mayor.page.get_by_role("combobox", name="Pour quelle collectivité").press_sequentially(name, delay=20)
        mayor.page.get_by_role("option", name=label).click()
    group = mayor.page.locator("details", has=mayor.page.get_by_label(subject, exact=True)).first
    if group.count() and not group.evaluate("one => one.open"):
        group.locator("summary").click()
    mayor.page.get_by_label(subject, exact=True).check(force=True)
    mayor.fill("En quelques phrases", need)
    mayor.tick("Un projet à préciser")
    mayor.press("Continuer")
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Ce que vous avez déjà")
    mayor.press("Continuer")


def send(mayor: Visitor, *, phone: str = "04 92 35 00 00") -> str:
    """« Vous », then the page that checks; returns the reference."""
    mayor.fill("Téléphone", phone)
    if not mayor.field("Intitulé communicable").input_value():
        mayor.fill("Intitulé communicable", "Un projet de la commune")
    mayor.press("Continuer")
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Vérifier et envoyer")
    confirm(mayor)
    mayor.press("Envoyer la demande")
    return sent_reference(mayor)


def confirm(mayor: Visitor) -> None:
    mayor.tick("J’ai lu qui verra")
    mayor.tick("Ces informations sont exactes")


def sent_reference(mayor: Visitor) -> str:
    expect(mayor.page.get_by_role("heading", level=1)).to_have_text("Votre demande est envoyée")
    found = REFERENCE.search(mayor.text())
    assert found, mayor.text()
    return found.group()


def file_request(mayor: Visitor, *, subject: str, need: str) -> str:
    """Somebody signed in files for his own collectivity."""
    describe(mayor, subject=subject, need=need)
    return send(mayor)


def opens(mayor: Visitor, reference: str) -> None:
    mayor.go(f"/demandes/{reference}/")


# --- the desk --------------------------------------------------------------------------------------------------------


def file_page(agent: Visitor, reference: str) -> None:
    agent.go(f"/guichet/{reference}/")


def act(agent: Visitor, reference: str, name: str, *, where: str = "guichet") -> None:
    """Opens one act from the file: the next step, or one of the folded ones."""
    agent.go(f"/{where}/{reference}/")
    link = agent.page.locator(".file-head").get_by_role("link", name=name, exact=True)
    if not link.is_visible():
        agent.page.get_by_text("Autres actions", exact=True).click()
    with agent.page.expect_navigation():
        link.click()


def acknowledge(desk: Visitor, reference: str) -> None:
    """The instructor names himself."""
    act(desk, reference, "Accuser réception")
    desk.press("Accuser réception")
    desk.reads("la lettre à la collectivité se prépare")


def qualify(desk: Visitor, reference: str, *, theme: str) -> None:
    act(desk, reference, "Qualifier")
    desk.tick(theme)
    desk.tick("Commune")
    choose("Avancement du projet", "Cadrage", desk)
    desk.press("Enregistrer")
    desk.reads("Lecture enregistrée")


def proposal_is_there(agent: Visitor, reference: str) -> None:
    """The worker has assessed the request, as it is read today."""
    file_page(agent, reference)
    agent.sees_within_seconds("Calculée le")
    expect(agent.page.locator("#proposition-section")).not_to_have_attribute("aria-busy", "true")


def choose_offers(signatory: Visitor, *offers: str, reason: str = "Le plus utile d’abord.") -> None:
    """On the page of the decision: these offers and no other, wherever they stand."""
    page = signatory.page
    for box in page.locator("input[name=offers]:checked").all():
        box.uncheck(force=True)
    folded = page.locator("#autrement")
    if folded.count() and not folded.evaluate("one => one.open"):
        folded.locator(":scope > summary").click()
    for offer in offers:
        page.get_by_label(starting(offer)).first.check(force=True)
    signatory.fill("Ce que liront les prestataires", "Un appui est cherché sur ce sujet.")
    signatory.fill("Pourquoi vous écarter", reason)


def solicit(signatory: Visitor, *offers: str) -> None:
    choose_offers(signatory, *offers)
    signatory.press("Solliciter les prestataires choisis")


def decide_local(signatory: Visitor, reference: str, *offers: str, reason: str) -> None:
    act(signatory, reference, "Décider")
    choose_offers(signatory, *offers, reason=reason)
    signatory.press("Solliciter les prestataires choisis")
    signatory.reads("Décision prise : les prestataires sont sollicités.")


def decide_to_refer(signatory: Visitor, reference: str, *motives: str, reason: str = "") -> None:
    act(signatory, reference, "Décider")
    for motive in motives:
        signatory.tick(motive)
    if reason:
        signatory.fill("Pourquoi vous écarter", reason)
    signatory.press("Préparer la transmission à l’Agence")
    signatory.reads("Décision prise : la transmission à l’Agence est en cours de préparation.")


def propose(desk: Visitor, reference: str, *, text: str, price: str) -> None:
    act(desk, reference, "Proposer une aide")
    desk.fill("Ce qui est proposé", text)
    desk.fill("Prix", price)
    desk.press("Proposer à la collectivité")
    desk.reads("Aide proposée à la collectivité.")


def designate(signatory: Visitor, reference: str, person: str) -> None:
    act(signatory, reference, "Désigner le chargé de suivi")
    choose("Chargé de suivi", person, signatory)
    signatory.press("Désigner")
    signatory.reads("Chargé de suivi désigné")


# --- the national way ------------------------------------------------------------------------------------------------


def prepare_referral(desk: Visitor, reference: str, *, service: str, answer: str = "", cost: str = "") -> None:
    """Fills the referral as far as the signature needs it."""
    act(desk, reference, "Préparer la transmission")
    desk.fill("Justification : insuffisance", JUSTIFICATION)
    desk.fill("Prestation demandée", service)
    if answer:
        choose("Réponse proposée", answer, desk)
        desk.fill("Pourquoi une prestation externe", "Aucun opérateur ne tient cette prestation.")
    if cost:
        desk.fill("Coût estimé HT", cost)
    choose("Référent local", "Frêne", desk)
    choose("Envoyer à la signature de", "Charme", desk)
    desk.page.get_by_role("button", name=re.compile("^Enregistrer")).first.click()
    expect(desk.page.get_by_text("La saisine est enregistrée.")).to_be_visible()


def sign_referral(signatory: Visitor, reference: str) -> None:
    act(signatory, reference, "Signer la saisine")
    signatory.tick("J’ai lu la saisine")
    signatory.press("Signer et transmettre")
    signatory.reads("La saisine est signée et transmise à l’Agence.")


def take_up(agency: Visitor, reference: str) -> None:
    act(agency, reference, "Prendre en charge", where="national")
    agency.press("Prendre en charge")
    agency.reads("La saisine est prise en charge.")
