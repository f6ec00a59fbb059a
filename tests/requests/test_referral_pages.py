"""The desk's pages of a referral: what is missing stands beside its field, what comes too late is said, the letter."""

import io
import re
from collections.abc import Callable

import pikepdf
import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.models import Mandate
from requests.demonstration.case import Case
from requests.demonstration.stage import Stage
from requests.models import Signature
from requests.services import letters, referral, triage
from tests.files import samples
from tests.requests.journeys import JUSTIFICATION, prepared, searched
from tests.requests.reading import hidden, read_and_post

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]
SignIn = Callable[[Client, Mandate | str], Client]


@pytest.fixture(autouse=True)
def _day(clock) -> None:
    clock.move_to("2026-11-09 10:00")


def page(name: str, case: Case) -> str:
    return reverse(f"requests:{name}", args=[case.row.reference])


@pytest.fixture
def desk(client: Client, sign_in: SignIn) -> Client:
    return sign_in(client, "instructeur")


@pytest.fixture
def deputy(sign_in: SignIn) -> Client:
    return sign_in(Client(), "adjoint")


FORM = {
    "motives": ["complexity"],
    "justification_complexity": JUSTIFICATION,
    "service_asked": "Étude de programmation",
    "circuit": "national",
}


# --- the form --------------------------------------------------------------------------------------------------------


def test_the_form_shows_what_was_looked_for_and_keeps_what_is_typed(stage: Stage, desk: Client) -> None:
    case = prepared(stage)
    text = desk.get(page("referral", case)).content.decode()
    assert "Ingénierie et territoires 04" in text
    assert "hors de ses missions" in text and "Hors mission." not in text, "the reason, not the provider's words"
    assert JUSTIFICATION in text
    answer = desk.post(
        page("referral", case), {**FORM, "service_asked": "Une autre étude", "cost_excl_tax": "12000,50"}
    )
    assert (answer.status_code, answer["Location"]) == (302, page("referral", case))
    kept = case.row.referrals.get()
    assert (kept.service_asked, str(kept.cost_excl_tax)) == ("Une autre étude", "12000.50")
    assert "Une autre étude" in desk.get(page("referral", case)).content.decode()


def test_an_old_page_does_not_replace_what_a_colleague_wrote(stage: Stage, desk: Client, deputy: Client) -> None:
    case = prepared(stage)
    old = {**FORM, **hidden(deputy, page("referral", case)), "service_asked": "Une étude de site", "then": "sign"}
    old |= {"motives": ["fragility"], "justification_fragility": "Deux agents.", "duration": "Six mois"}
    written = {**FORM, "service_asked": "Un plan-guide", "cost_excl_tax": "30000", "cost_incl_tax": "36000"}
    assert read_and_post(desk, page("referral", case), written).status_code == 302
    refused = deputy.post(page("referral", case), old)
    assert refused.status_code == 409
    assert "Une étude de site" in refused.text, "what was typed stands"
    kept = dict(refused.context["kept"])
    assert (kept["Prestation demandée"], kept["Motifs"]) == ("Un plan-guide", "Complexité du projet")
    assert (kept["Durée"], kept["Coût estimé HT (euros)"]) == ("rien", "30000,00")
    assert "Un plan-guide" in refused.text, "beside what was kept"
    assert case.row.referrals.get().service_asked == "Un plan-guide"
    chosen = {**old, **{field.name: field.value() for field in refused.context["form"].hidden_fields()}}
    assert deputy.post(page("referral", case), chosen).status_code == 302
    assert case.row.referrals.get().service_asked == "Une étude de site"
    assert deputy.post(page("referral", case), chosen).status_code == 302, "twice the same is once"


def test_one_press_keeps_what_is_typed_and_leads_to_the_signature(stage: Stage, desk: Client, deputy: Client) -> None:
    case = prepared(stage)
    answer = deputy.post(page("referral", case), {**FORM, "service_asked": "À signer", "then": "sign"})
    assert (answer.status_code, answer["Location"]) == (302, page("referral-sign", case))
    assert case.row.referrals.get().service_asked == "À signer"
    answer = desk.post(page("referral", case), {**FORM, "then": "sign"})
    assert answer["Location"] == page("referral", case), "who may not sign stays where he writes"


def test_facts_may_be_inserted_in_the_justification_that_they_support(stage: Stage, desk: Client) -> None:
    case = prepared(stage)
    text = desk.get(page("referral", case)).text
    found = re.findall(r'data-facts="([^"]+)" data-into="([^"]+)"', text)
    assert found
    for facts, field in found:
        assert re.search(rf'<ul id="{facts}">\s*<li>', text)
        assert re.search(rf'<textarea[^>]* id="{field}"', text)
    journal = desk.get(page("file", case)).text
    assert "Décision\u00a0: transmettre à l’Agence" in journal


def test_the_local_referent_is_first_the_correspondent(stage: Stage, desk: Client) -> None:
    """A referent is required at the signature: the person whom the collectivity knows stands there until changed."""
    case = searched(stage)
    for code in ("atd-batiment-04", "caue-bourg-04"):
        case.answer("2026-11-05", code, accepted=False, reason="out_of_mission", text="Hors mission.")
    with case.on("2026-11-06", case.deputy) as actor:
        triage.decide_refer(case.row, actor, ["complexity"], reason="Aucune offre.")
    chosen = desk.get(page("referral", case)).context["form"]["referent"].value()
    contact = case.row.assignments.get(kind="contact", until=None)
    assert Mandate.objects.get(uuid=chosen).user == contact.person
    assert not case.row.assignments.filter(kind="local_referent").exists(), "proposed, not named by a GET"


def test_a_form_half_filled_is_kept_as_it_is(stage: Stage, desk: Client) -> None:
    """What is missing is asked for at the signature only."""
    case = prepared(stage)
    assert desk.post(page("referral", case), {"circuit": "national"}).status_code == 302
    assert not case.row.referrals.get().motives.exists()


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"circuit": "moon"}, "circuit", "Sélectionnez un choix valide"),
        ({"cost_excl_tax": "beaucoup"}, "cost_excl_tax", "nombre"),
        ({"cost_excl_tax": "100", "cost_incl_tax": "90"}, "cost_incl_tax", "ne peut pas être inférieur"),
        ({"proposed_answer": "market", "outside_reason": ""}, "outside_reason", "prestation externe est nécessaire"),
        ({"justification_complexity": "a" * 2001}, "justification_complexity", "2000|2\u202f000"),
        ({"referent": "nobody"}, "referent", "Sélectionnez un choix valide"),
    ],
)
def test_an_error_stands_beside_its_field(
    given: dict[str, str], field: str, message: str, stage: Stage, desk: Client
) -> None:
    case = prepared(stage)
    answer = desk.post(page("referral", case), {**FORM, **given})
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert any(part in str(errors[field]) for part in message.split("|"))
    text = answer.content.decode()
    assert f'id="id_{field}_error"' in text
    assert 'href="#id_' in text  # the summary leads to it


def test_a_form_sent_after_the_signature_is_told_so(stage: Stage, desk: Client) -> None:
    case = prepared(stage)
    with case.on("2026-11-09", case.deputy) as actor:
        referral.send(case.row, actor, signatory=case.deputy)
    answer = desk.post(page("referral", case), FORM)
    assert answer.status_code == 409
    abandoned = prepared(stage, "deux")
    with abandoned.on("2026-11-09", abandoned.instructor) as actor:
        referral.abandon(abandoned.row, actor, reason="Une offre est arrivée.")
    answer = desk.post(page("referral", abandoned), FORM)
    assert answer.status_code == 409
    assert "Recherche locale" in answer.content.decode()
    assert JUSTIFICATION in answer.content.decode(), "what was typed is given back"
    assert "Étude de programmation" in answer.content.decode()
    assert desk.get(page("referral", abandoned)).status_code == 403


def test_a_referral_of_december_belongs_to_the_next_year_and_says_so(
    stage: Stage, desk: Client, deputy: Client, sign_in: SignIn, clock
) -> None:
    case = prepared(stage)
    assert "Les engagements 2026 ferment le 30\u00a0novembre 2026." in desk.get(page("referral", case)).content.decode()
    mayor = sign_in(Client(), "maire")
    told = mayor.get(reverse("requests:detail", args=[case.row.reference])).content.decode()
    assert "L’Agence engage ses crédits 2026 jusqu’au 30\u00a0novembre 2026." in told
    clock.move_to("2026-12-01 10:00")
    desk, deputy = sign_in(desk, "instructeur"), sign_in(deputy, "adjoint")  # their sessions are over
    for name, client in (("referral", desk), ("referral-sign", deputy)):
        text = client.get(page(name, case)).content.decode()
        assert "relève de l’exercice 2027, ouvert jusqu’au 30\u00a0novembre 2027" in text
    assert read_and_post(deputy, page("referral-sign", case), {"read": "on"}).status_code == 302
    kept = case.row.referrals.get()
    assert (kept.fiscal_year, str(kept.commitments_close_on)) == (2027, "2027-11-30")


# --- the signature ---------------------------------------------------------------------------------------------------


def test_a_justification_of_38_characters_is_counted_for_the_signatory(stage: Stage, deputy: Client) -> None:
    case = prepared(stage, justification="a" * 38)
    answer = read_and_post(deputy, page("referral-sign", case), {"read": "on"})
    assert answer.status_code == 422
    assert (
        "Renseignez la justification «\u00a0complexité du projet\u00a0»\u00a0: "
        "200 caractères au moins, vous en avez 38." in answer.content.decode()
    )
    case.row.refresh_from_db()
    assert case.row.state == "referral_preparation"


def test_signing_sends(stage: Stage, deputy: Client) -> None:
    case = prepared(stage)
    text = deputy.get(page("referral-sign", case)).content.decode()
    assert JUSTIFICATION in text
    assert text.index(JUSTIFICATION) < text.index(
        "Signer et transmettre</button>"
    )  # the reasons stand above the button
    assert deputy.post(page("referral-sign", case), {}).status_code == 422
    assert read_and_post(deputy, page("referral-sign", case), {"read": "on"}).status_code == 302
    case.row.refresh_from_db()
    assert case.row.state == "referred"
    again = deputy.post(page("referral-sign", case), {"read": "on"})
    assert again.status_code == 409
    assert "Mme\u00a0Charme" in again.content.decode()
    assert Signature.objects.filter(support_request=case.row).count() == 1


def test_whoever_signs_and_whoever_instructs_read_all_that_is_asked(
    stage: Stage, desk: Client, deputy: Client, sign_in: SignIn
) -> None:
    case = prepared(stage)
    written = {
        "proposed_answer": "market", "outside_reason": "Aucune équipe publique.", "evidence_note": "Deux appels.",
        "duration": "six mois", "calendar": "dès janvier", "cost_excl_tax": "12000", "cost_incl_tax": "14400",
    }  # fmt: skip
    assert desk.post(page("referral", case), {**FORM, **written}).status_code == 302
    signing = deputy.get(page("referral-sign", case)).content.decode()
    assert "Référent local\u00a0: M.\u00a0Frêne" in signing
    assert read_and_post(deputy, page("referral-sign", case), {"read": "on"}).status_code == 302
    document = case.row.documents.get(kind="referral")
    letter = render_to_string("requests/letters/referral.html", letters.context(document))
    instructing = sign_in(Client(), "anct").get(page("national-file", case)).content.decode()
    for text in (signing, letter, instructing):
        for words in ("Aucune équipe publique.", "Le marché d’ingénierie", "Deux appels.", "six mois", "dès janvier"):
            assert words in text
        assert "12\u202f000\u00a0€ HT, 14\u202f400\u00a0€ TTC" in text


def test_a_justification_edited_since_it_was_read_is_not_signed(stage: Stage, deputy: Client) -> None:
    case = prepared(stage)
    seen = hidden(deputy, page("referral-sign", case))
    with case.on("2026-11-09", case.instructor) as actor:
        referral.edit(case.row, actor, motives={"complexity": JUSTIFICATION + " Et autre chose."})
    late = deputy.post(page("referral-sign", case), {"read": "on", **seen})
    assert (late.status_code, "a changé depuis que vous l’avez lue" in late.content.decode()) == (409, True)
    assert "Et autre chose." in late.content.decode()
    assert not Signature.objects.filter(support_request=case.row).exists()
    again = {field.name: field.value() for field in late.context["form"].hidden_fields()}
    assert deputy.post(page("referral-sign", case), {"read": "on", **again}).status_code == 302


def test_an_instructor_signs_nothing_and_reads_why(stage: Stage, desk: Client) -> None:
    case = prepared(stage)
    for answer in (desk.get(page("referral-sign", case)), desk.post(page("referral-sign", case), {"read": "on"})):
        assert answer.status_code == 403
        assert "Aucune délégation de signature n’est enregistrée pour M.\u00a0Frêne" in answer.content.decode()


def test_a_signature_given_on_paper(stage: Stage, desk: Client, sign_in: SignIn) -> None:
    case = prepared(stage)
    signatory = str(case.deputy.uuid)
    for given, field in (
        ({"signatory": "", "signed_on": "2026-08-31"}, "signatory"),
        ({"signatory": signatory, "signed_on": ""}, "signed_on"),
        ({"signatory": signatory, "signed_on": "2026-12-31"}, "signed_on"),
        ({"signatory": signatory, "signed_on": "2026-09-05"}, "signatory"),  # between two prefects
    ):
        answer = read_and_post(desk, page("referral-paper", case), given)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert f'id="id_{field}_error"' in answer.content.decode()
    assert "a pris fin avec le départ du préfet" in answer.content.decode()
    wrong = io.BytesIO(b"MZ\x90\x00" + b"\0" * 99)
    wrong.name = "saisine.exe"
    given = {"signatory": signatory, "signed_on": "2026-08-31", "scan": wrong}
    answer = read_and_post(desk, page("referral-paper", case), given)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["scan"])
    assert not case.row.signatures.exists()
    scan = io.BytesIO(samples.pdf())
    scan.name = "saisine signée.pdf"
    given = {"signatory": signatory, "signed_on": "2026-08-31", "scan": scan}
    assert read_and_post(desk, page("referral-paper", case), given).status_code == 302
    signed = Signature.objects.get(support_request=case.row)
    assert (signed.act.number, signed.scan.name) == ("2023-240-002", "saisine signée.pdf")
    kept = case.row.documents.get(kind="signed_paper")
    assert (kept.channel, kept.file) == ("internal", signed.scan)
    served = reverse("requests:document", args=[case.row.reference, kept.uuid])
    assert desk.get(served).status_code == 200
    assert sign_in(Client(), "maire").get(served).status_code in {403, 404}


# --- the letter, the opinion, giving up ------------------------------------------------------------------------------


def test_the_preview_is_the_letter_as_a_pdf(stage: Stage, desk: Client) -> None:
    case = prepared(stage)
    before = case.row.documents.count()
    answer = desk.get(page("referral-preview", case))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="saisine-{case.row.reference}.pdf"'
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert pdf.Root.MarkInfo.Marked
    assert case.row.documents.count() == before  # kept nowhere


def test_no_preview_without_a_referral(stage: Stage, desk: Client, sign_in: SignIn) -> None:
    case = searched(stage)
    assert desk.get(page("referral-preview", case)).status_code == 404
    mayor = sign_in(Client(), "maire")
    assert mayor.get(page("referral-preview", prepared(stage, "deux"))).status_code == 403


def test_the_opinion_is_asked_then_given(stage: Stage, desk: Client, sign_in: SignIn) -> None:
    case = prepared(stage)
    assert desk.post(page("opinion-ask", case)).status_code == 302
    officer = sign_in(Client(), "cmt")
    answer = officer.post(page("opinion-give", case), {"text": "Utile."})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["opinion"])
    assert officer.post(page("opinion-give", case), {"opinion": "favourable", "text": "Utile."}).status_code == 302
    kept = case.row.referrals.get()
    assert (kept.cmt_opinion, kept.cmt_opinion_text, str(kept.cmt_opinion_on)) == (
        "favourable",
        "Utile.",
        "2026-11-09",
    )
    assert "Utile." in desk.get(page("referral", case)).content.decode()


def test_giving_up_resumes_the_search(stage: Stage, desk: Client) -> None:
    case = prepared(stage)
    answer = desk.post(page("referral-abandon", case), {"text": ""})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["text"])
    assert desk.post(page("referral-abandon", case), {"text": "Une offre est arrivée."}).status_code == 302
    case.row.refresh_from_db()
    assert case.row.state == "local_search"
    late = desk.post(page("referral-abandon", case), {"text": "Encore."})
    assert late.status_code == 409
    assert "M.\u00a0Frêne" in late.content.decode()


# --- what the applicant never reads ----------------------------------------------------------------------------------

PAGES = (
    "referral", "referral-sign", "referral-paper", "referral-abandon", "opinion-ask", "opinion-give", "act-decider",
    "act-qualifier", "act-noter-reponse", "national-contract", "agreement-sign-prefect",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_state_shows_nothing_to_the_town_whatever_is_posted(
    name: str, stage: Stage, sign_in: SignIn
) -> None:
    case = prepared(stage)
    case.note("2026-11-06 12:00", case.instructor, "note-interne-entre-agents")
    mayor = sign_in(Client(), "maire")
    for answer in (
        mayor.get(page(name, case)),
        mayor.post(page(name, case), {}),
        mayor.post(page(name, case), {**FORM, "text": "x", "read": "on", "on_paper": "on"}),
    ):
        assert answer.status_code == 403
        text = answer.content.decode()
        assert JUSTIFICATION not in text
        assert "Hors mission." not in text
        assert "note-interne" not in text
