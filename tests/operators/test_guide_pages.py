"""The guides as pages and as PDF: reading writes nothing, two clicks make one document, and the PDF is accessible."""

import io
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zeal
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from common import jobs
from common.pdf.structure import elements
from operators.models import Offer, OfferCoverage, Publication, Subject
from operators.services import publications
from operators.tasks import publish_guides
from tests.operators.factories import offer, provider

pytestmark = pytest.mark.django_db
PAGE, PDF, STATE = "/offres/guide/04/", "/offres/guide/04.pdf", "/offres/guide/04/etat/"


@pytest.fixture
def one(db: None) -> Offer:
    """An offer of 04 on shops, its number, and one that leaves Mézel out."""
    shops = Subject.objects.create(code="commerce", label="Commerce, café, marché", theme="COM", group="activity")
    caue = provider(telephone="0492000000", email="caue-04@demo.example", website="https://caue.example")
    partial = offer("sauf-mezel", of=caue, title="Conseil d’architecte")
    OfferCoverage.objects.create(offer=partial, level="commune", code="04121", excluded=True)
    found = offer("commerce", of=caue, title="Dernier commerce", delay_days=20)
    found.subjects.add(shops)
    return found


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages of which PDFs are made, in place of laying them out."""
    pages: list[str] = []
    monkeypatch.setattr(publications, "render_pdf", lambda html: pages.append(html) or b"%PDF-1.7 essai")
    return pages


def perform() -> bool:
    return jobs.get(publications.WORK).perform(Publication.objects.get().pk)


def test_the_page_says_who_helps_and_how(client: Client, one: Offer) -> None:
    page = text(client.get(PAGE))
    for said in ("Alpes-de-Haute-Provence (04)", "Dernier commerce", "Conseil d’architecte", "Sans frais pour vous",
                 "Gratuit de droit", "sauf Mézel", "caue-04@demo.example", "https://caue.example",
                 "Commerce, café, marché"):  # fmt: skip
        assert said in page, said
    assert "04\u00a092\u00a000\u00a000\u00a000" in page
    assert "Illustration" not in page
    Offer.objects.update(illustrative=True)
    page = text(client.get(PAGE))
    marks = page.count('<span class="guide-mark">Illustration</span>')
    assert marks == page.count('<a href="#offre-') + page.count('class="guide-sheet"') >= 4, "wherever it is named"


def test_reading_writes_nothing(client: Client, one: Offer) -> None:
    with zeal.zeal_ignore():
        for address in (PAGE, "/offres/guides/", "/offres/document-unique/"):
            text(client.get(address))
        assert client.get(PDF).status_code == 302, "no PDF yet: the page, where it is asked for"
        assert client.get(STATE).status_code == 404
    assert not Publication.objects.exists()


def test_asked_made_and_downloaded(client: Client, one: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = made(monkeypatch)
    with zeal.zeal_ignore():
        assert "Préparer le PDF" in text(client.get(PAGE))
        answer = client.post(PAGE)
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}#pdf")
        assert "en préparation" in text(client.get(PAGE)) and "hx-get" in text(client.get(STATE))
        client.post(PAGE)
        client.post(PAGE)
        assert perform() and len(pages) == 1, "three clicks, one document"
        shown = text(client.get(STATE))
        assert PDF in shown and "hx-get" not in shown
        answer = client.get(PDF)
        assert answer.content == b"%PDF-1.7 essai" and answer["Content-Type"] == "application/pdf"
        assert 'filename="guide-ingenierie-04.pdf"' in answer["Content-Disposition"]
        # asked again while nothing has changed: the document itself
        assert client.post(PAGE)["Location"] == PDF
        assert "Son contenu a changé" not in text(client.get(PAGE))
        Offer.objects.filter(pk=one.pk).update(title="Autre titre")
        assert "Son contenu a changé" in text(client.get(PAGE))
        client.post(PAGE)
        assert client.get(PDF).status_code == 200, "the former one meanwhile"
        assert perform() and len(pages) == 2 and "Autre titre" in pages[1]


def test_what_has_not_changed_is_not_made_again(one: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = made(monkeypatch)
    with zeal.zeal_ignore():
        for _ in range(2):
            publications.ask("04")
            perform()
    assert len(pages) == 1


def test_a_failure_is_said_and_can_be_tried_again(client: Client, one: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(html: str) -> bytes:
        raise jobs.Abandon("too large")

    monkeypatch.setattr(publications, "render_pdf", broken)
    with zeal.zeal_ignore():
        client.post(PAGE)
        assert not perform()
        page = text(client.get(PAGE))
        assert "n’a pas pu être préparé" in page and "Préparer à nouveau" in page
        pages = made(monkeypatch)
        client.post(PAGE)
        assert perform() and pages


def test_the_night_asks_for_all_of_them_once(one: Offer) -> None:
    with zeal.zeal_ignore():
        publish_guides()
        count = Publication.objects.count()
        publish_guides()
    assert count == Publication.objects.undone().count() > 101


@pytest.mark.parametrize("address", ["/offres/guide/99/", "/offres/guide/FR/", "/offres/guide/99.pdf"])
def test_an_unknown_department(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404
    assert client.post(address).status_code in (404, 405)
    assert not Publication.objects.exists()


def test_the_code_as_it_is_written(client: Client) -> None:
    assert client.get("/offres/guide/2a/")["Location"] == "/offres/guide/2A/"


def test_an_empty_department_offers_no_pdf(client: Client) -> None:
    page = text(client.get("/offres/guide/48/"))
    assert "Aucune offre publiée" in page and "Préparer le PDF" not in page


def test_a_document_without_bytes_has_no_date(one: Offer) -> None:
    with pytest.raises(ValidationError):
        Publication(code="04", size=3).full_clean()
    with transaction.atomic():
        Publication.objects.create(code="04")


def test_the_pdf_is_tagged_and_says_all(one: Offer) -> None:
    publications.ask("04")
    assert perform()
    row = Publication.objects.get()
    assert row.size == len(row.pdf) and row.made_at is not None
    with pikepdf.open(io.BytesIO(row.pdf)) as document:
        root = document.Root.StructTreeRoot
        assert document.Root.MarkInfo.Marked and str(document.Root.Lang) == "fr"
        assert (
            document.open_metadata()["dc:title"] == "Guide départemental de l’ingénierie – Alpes-de-Haute-Provence (04)"
        )
        assert document.open_metadata()["pdfuaid:part"] == "1"
        kinds = [str(each.S) for each in elements(root)]
        assert kinds.count("/H1") == 1 and kinds.count("/H2") >= 6 and {"/H3", "/H4", "/H5"} <= set(kinds)
        figures = [str(each.Alt) for each in elements(root) if each.S == "/Figure"]
        assert len(figures) == 2 and all(figure.startswith("Carte des communes") for figure in figures)
        assert kinds.count("/Table") >= 1
        with document.open_outline() as outline:
            titles = [each.title for item in outline.root for each in item.children]
        assert {"Sommaire", "Par sujet", "Par organisme", "Modes de recours et conditions"} <= set(titles)
    read = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(row.pdf))
    for said in ("Dernier commerce", "Conseil d’architecte", "Digne-les-Bains", "Dates et sources"):
        assert said in " ".join(read.split()), said
