"""What an official takes away: the draft délibération and the archive of the request."""

import io
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from django.test import Client

from accounts.models import Mandate
from common.odt import odt
from files.models import StoredFile
from operators.enums import LegalMode
from operators.models import Offer
from requests.models import Document, Message, Solution, SolutionLine, SupportRequest
from requests.workflow import State
from tests.requests.test_official_pages import executive, in_state, read

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

SignIn = Callable[[Client, Mandate | str], Client]
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def words(content: bytes) -> str:
    """The text of an ODT, read as a word processor does: the type first and unpacked, then the XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        root = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314 - ours
    return "\n".join("".join(part.itertext()) for part in root.iter() if part.tag in {f"{TEXT}p", f"{TEXT}h"})


def with_mode(support_request: SupportRequest, mode: str) -> SolutionLine:
    line = SolutionLine.objects.filter(solution__support_request=support_request, solution__state="proposed").first()
    assert line is not None
    Offer.objects.filter(pk=line.offer_id).update(legal_mode=mode)
    return line


def test_a_draft_is_offered_when_the_council_votes(client: Client, sign_in: SignIn) -> None:
    proposed = in_state(State.PROPOSED)
    sign_in(client, executive(proposed))
    line = with_mode(proposed, LegalMode.MEMBERSHIP)
    assert "Télécharger un projet de délibération" in read(client, proposed)
    response = client.get(f"/demandes/{proposed.reference}/deliberation/")
    assert response["Content-Type"] == "application/vnd.oasis.opendocument.text"
    assert f"deliberation-{proposed.reference}.odt" in response["Content-Disposition"]
    told = words(response.content)
    for expected in (proposed.collectivity.name, proposed.title, line.provider.name, line.solution.price, "Article 1"):
        assert expected in told


def test_none_is_offered_for_a_help_that_needs_no_vote(client: Client, sign_in: SignIn) -> None:
    proposed = in_state(State.PROPOSED)
    sign_in(client, executive(proposed))
    for line in SolutionLine.objects.filter(solution__support_request=proposed):
        Offer.objects.filter(pk=line.offer_id).update(legal_mode=LegalMode.FREE_BY_RIGHT)
    assert "projet de délibération" not in read(client, proposed)
    assert client.get(f"/demandes/{proposed.reference}/deliberation/").status_code == 404


def test_the_agreement_s_draft_says_the_amounts(client: Client, sign_in: SignIn) -> None:
    contracting = in_state(State.CONTRACTING)
    sign_in(client, executive(contracting))
    told = words(client.get(f"/demandes/{contracting.reference}/deliberation/").content)
    assert "Agence nationale de la cohésion des territoires" in told
    assert "HT" in told
    assert "TTC" in told


def test_what_people_typed_cannot_break_the_document(client: Client, sign_in: SignIn) -> None:
    proposed = in_state(State.PROPOSED)
    with_mode(proposed, LegalMode.MEMBERSHIP)
    title = "Toit <b>& halle</b> {0} 🏚️ \x0b]]>"
    SupportRequest.objects.filter(pk=proposed.pk).update(title=title)
    Solution.objects.filter(support_request=proposed).update(text="Une étude.\nPuis un chiffrage.", price="{x}")
    sign_in(client, executive(proposed))
    told = words(client.get(f"/demandes/{proposed.reference}/deliberation/").content)
    assert title.replace("\x0b", "") in told
    assert words(odt("é", ["\x00a\nb"])) == "é\nab"


def test_the_archive_holds_what_the_official_reads_and_nothing_else(client: Client, sign_in: SignIn) -> None:
    support_request = SupportRequest.objects.get(pk=in_state(State.LOCAL_SUPPORT).pk)
    sign_in(client, executive(support_request))
    author = executive(support_request).user
    at = support_request.submitted_at
    from_desk = {"support_request": support_request, "author": author, "author_label": "x", "at": at}
    Message.objects.create(channel="public", text="Le plan vous parviendra lundi.", **from_desk)
    Message.objects.create(channel="internal", text="Ne pas dire à la commune.", **from_desk)
    response = client.get(f"/demandes/{support_request.reference}/tout/")
    assert "Tout télécharger" in read(client, support_request)
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        story = archive.read("demande.txt").decode()
        names = archive.namelist()
    assert support_request.need in story
    assert "Le plan vous parviendra lundi." in story
    assert "Ne pas dire à la commune." not in story
    ready = Document.objects.filter(support_request=support_request, channel="public", file__isnull=False)
    assert len(names) == 1 + ready.count()


def test_a_document_not_scanned_is_named_not_given(client: Client, sign_in: SignIn) -> None:
    support_request = in_state(State.LOCAL_SUPPORT)
    sign_in(client, executive(support_request))
    kept = Document.objects.filter(support_request=support_request, channel="public", file__isnull=False).first()
    if kept is None:
        posted = io.BytesIO(b"Le plan du toit.")
        posted.name = "plan.txt"
        client.post(f"/demandes/{support_request.reference}/documents/", {"channel": "public", "files": posted})
        kept = Document.objects.filter(support_request=support_request, channel="public", file__isnull=False).get()
    StoredFile.objects.filter(pk=kept.file_id).update(scan_state="pending")
    content = client.get(f"/demandes/{support_request.reference}/tout/").getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert kept.title in archive.read("demande.txt").decode()
        assert not any(kept.file.name in name for name in archive.namelist())
