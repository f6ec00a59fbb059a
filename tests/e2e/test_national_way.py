"""The other ways: an operator mobilised by the prefect, then the Agency's operators and its market."""

import re
import uuid
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.browser import Open, Visitor

PUBLIC_SENTENCE = "L’Ademe ne peut pas intervenir avant février ; l’Agence cherche un autre opérateur."
PRIVATE_REASON = "L’équipe régionale est occupée par l’appel à projets."


def test_an_operator_s_offer_mobilised_by_the_prefect(phone: Open, screen: Open) -> None:
    """A commune of Petites villes de demain: no referral, and the way is shown to its mayor."""
    mayor = phone("elu-43112")
    reference = steps.file_request(
        mayor, subject="Logements vacants, habitat dégradé", need="Quarante logements vides dans le bourg."
    )
    desk, deputy = screen("instruction-43"), screen("adjoint-43")
    steps.acknowledge(desk, reference)
    steps.qualify(desk, reference, theme="Logement, habitat et cadre de vie")
    steps.proposal_is_there(desk, reference)
    steps.decide_local(
        deputy,
        reference,
        "Petites villes de demain : appui au management de projet",
        reason="La commune est du programme : l’offre de l’opérateur répond directement.",
    )
    operator = screen("bdt")
    operator.go("/operateurs/")
    operator.sees_within_seconds("Langeac")
    operator.check()
    operator.go("/sollicitations/")
    link = operator.page.get_by_role("link", name=re.compile("Langeac.*[Ll]ogements vacants"))
    link.first.click()
    operator.tick("J’accepte")
    operator.press("Envoyer ma réponse")
    operator.reads("Acceptée")

    steps.propose(desk, reference, text="La Banque des Territoires mène l’étude.", price="Sans frais pour vous")
    steps.opens(mayor, reference)
    mayor.follow("Accepter")
    mayor.press("Accepter")
    steps.designate(deputy, reference, "Noisetier")
    steps.opens(mayor, reference)
    mayor.reads("Banque des Territoires", "M. Noisetier")
    mayor.does_not_read("Agence nationale de la cohésion des territoires : transmise")
    mayor.check()
    steps.file_page(desk, reference)
    desk.reads("Suivi local")
    desk.check()


def refer(mayor: Visitor, screen: Open, *, need: str, answer: str = "", cost: str = "") -> tuple[str, Visitor, Visitor]:
    """From the telephone of the mayor of Mézel to the Agency's queue; returns the reference, the desk, the deputy."""
    reference = steps.file_request(mayor, subject="Internet, téléphone", need=need)
    desk, deputy = screen("instructeur"), screen("adjoint")
    steps.acknowledge(desk, reference)
    steps.qualify(desk, reference, theme="Accès au numérique et aux services publics")
    steps.proposal_is_there(desk, reference)
    steps.decide_to_refer(
        deputy, reference, "Insuffisance des ressources locales", reason="Aucune offre locale pour ce sujet."
    )
    steps.file_page(desk, reference)
    desk.sees_within_seconds("Saisine de l’Agence")
    steps.opens(mayor, reference)
    mayor.sees_within_seconds("transmission à l’Agence nationale en préparation")
    steps.prepare_referral(desk, reference, service="Schéma de desserte du village", answer=answer, cost=cost)
    return reference, desk, deputy


def test_the_referral_s_form_says_what_is_missing(phone: Open, screen: Open, tmp_path: Path) -> None:
    """A message of 38 characters is no justification: the signature says how many are needed, and the text stays."""
    mayor = phone("maire")
    reference, desk, deputy = refer(mayor, screen, need="Pas de réseau au hameau du haut.")
    desk.check()
    short = "Trop court pour convaincre qui que ce."
    assert len(short) == 38
    desk.fill("Justification : insuffisance", short)
    desk.page.get_by_role("button", name=re.compile("^Enregistrer")).first.click()
    expect(desk.page.get_by_text("La saisine est enregistrée.")).to_be_visible()
    steps.act(deputy, reference, "Signer la saisine")
    deputy.check()
    deputy.tick("J’ai lu la saisine")
    deputy.press("Signer et transmettre")
    deputy.reads("200 caractères au moins, vous en avez 38")
    deputy.check()

    steps.file_page(desk, reference)
    steps.prepare_referral(desk, reference, service="Schéma de desserte du village")
    letter = desk.context.request.get(f"/guichet/{reference}/saisine/apercu.pdf")
    assert letter.status == 200
    assert letter.headers["content-type"] == "application/pdf"
    assert letter.body().startswith(b"%PDF-")
    steps.sign_referral(deputy, reference)
    steps.opens(mayor, reference)
    mayor.reads("Transmise à l’Agence nationale")
    mayor.check()


def test_the_agency_delegates_to_two_operators(phone: Open, screen: Open) -> None:
    mayor = phone("maire")
    reference, desk, deputy = refer(mayor, screen, need="Les pompiers ne peuvent pas appeler depuis la vallée.")
    steps.sign_referral(deputy, reference)
    agency = screen("anct")
    agency.go("/national/")
    agency.reads(reference)
    agency.check()
    steps.take_up(agency, reference)
    agency.check()

    steps.act(agency, reference, "Confier à un opérateur", where="national")
    agency.check()
    mission = f"Étude de couverture {uuid.uuid4().hex[:6]}"
    for operator in ("Cerema", "Ademe"):
        agency.tick(operator)
        agency.fill(f"Mission confiée : {operator}", mission)
    agency.press("Confier la mission")
    agency.reads("La mission est confiée")
    steps.opens(mayor, reference)
    mayor.reads("Cerema", "Ademe")
    mayor.check()

    declining = screen("ademe")
    answer(declining, mission, reference, accepts=False)
    steps.opens(mayor, reference)
    mayor.reads(PUBLIC_SENTENCE)
    mayor.does_not_read(PRIVATE_REASON, "Plan de charge complet")
    mayor.check()

    accepting = screen("cerema")
    answer(accepting, mission, reference, accepts=True)
    accepting.reads(reference)
    accepting.check()
    steps.opens(mayor, reference)
    mayor.reads("Cerema")
    steps.file_page(desk, reference)
    desk.reads("Accompagnement national", PRIVATE_REASON)
    desk.check()


def answer(operator: Visitor, mission: str, reference: str, *, accepts: bool) -> None:
    operator.go("/operateurs/")
    operator.check()
    operator.go(f"/operateurs/{reference}/")
    operator.reads(mission)
    operator.follow("Accepter ou décliner")
    operator.check()
    operator.tick("J’accepte" if accepts else "Je décline")
    if not accepts:
        steps.choose("Si vous déclinez, pourquoi", "Plan de charge complet", operator)
        operator.fill("Précisions", PRIVATE_REASON)
        operator.fill("Si vous déclinez : ce que la collectivité lira", PUBLIC_SENTENCE)
    operator.press("Envoyer ma réponse")


def test_the_agency_s_market_waits_for_three_dates(phone: Open, screen: Open) -> None:
    mayor = phone("maire")
    reference, desk, deputy = refer(
        mayor,
        screen,
        need="Où mettre l’antenne sans gâcher le village ?",
        answer="Le marché d’ingénierie",
        cost="24000",
    )
    steps.sign_referral(deputy, reference)
    agency = screen("anct")
    steps.take_up(agency, reference)
    steps.act(agency, reference, "Mobiliser le marché d’ingénierie", where="national")
    agency.reads("611 habitants", "prise en charge en totalité")
    agency.check()
    agency.fill("Lot de l’accord-cadre", "Lot 3 – Numérique")
    agency.fill("Nombre de jours", "30")
    agency.press("Ouvrir la convention")
    agency.reads("La convention est ouverte")

    prefect = screen("delegue")
    steps.act(prefect, reference, "Signer la convention")
    prefect.check()
    prefect.press("Enregistrer la signature")
    prefect.reads("La signature du préfet est enregistrée.")

    steps.opens(mayor, reference)
    mayor.reads("Faire délibérer votre conseil", "24 000 € HT", "28 800 € TTC")
    mayor.check()
    mayor.follow("Signer la convention")
    mayor.check()
    mayor.fill("Date de la délibération", "2026-11-13")
    mayor.tick("Le conseil m’autorise")
    mayor.press("Signer la convention")
    mayor.reads("Votre signature est enregistrée.")

    director = screen("dg")
    steps.act(director, reference, "Engager", where="national")
    director.check()
    director.press("Engager")
    director.reads("L’engagement est enregistré.")
    steps.opens(mayor, reference)
    mayor.reads("Accompagnement commencé")
    mayor.check()
    steps.file_page(desk, reference)
    desk.reads("Accompagnement national")


def test_the_agency_gives_a_request_back(phone: Open, screen: Open) -> None:
    """Not retained, then referred again and sent back to a local offer: each time the prefecture takes it up."""
    mayor = phone("maire")
    reference, desk, deputy = refer(mayor, screen, need="Qui nous dira où passe la fibre ?")
    steps.sign_referral(deputy, reference)
    agency = screen("anct")
    steps.take_up(agency, reference)
    steps.act(agency, reference, "Ne pas retenir", where="national")
    agency.tick("Maturité insuffisante")
    agency.fill("Explication", "Le plan départemental n’est pas arrêté.")
    agency.press("Ne pas retenir")
    agency.reads("La réponse est transmise à la préfecture.")
    steps.opens(mayor, reference)
    mayor.reads("L’Agence n’intervient pas : la préfecture reprend la demande")

    steps.decide_to_refer(
        deputy, reference, "Insuffisance des ressources locales", reason="Le plan est arrêté depuis hier."
    )
    steps.file_page(desk, reference)
    desk.sees_within_seconds("ouverte le")
    steps.prepare_referral(desk, reference, service="Lecture du plan")
    steps.sign_referral(deputy, reference)
    steps.take_up(agency, reference)
    steps.act(agency, reference, "Renvoyer vers une offre locale", where="national")
    agency.check()
    options = agency.page.get_by_role("combobox", name="Offre locale qui existe").locator("option")
    options.first.evaluate("one => { one.parentElement.selectedIndex = 1 }")
    agency.press("Renvoyer vers cette offre")
    agency.reads("La demande est renvoyée à la préfecture")
    steps.opens(mayor, reference)
    mayor.reads("Une aide locale existe : la préfecture reprend la demande")
    mayor.check()
