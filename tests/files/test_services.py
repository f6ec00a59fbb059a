"""What is kept, under which name, and what is refused with its cure."""

import hashlib
import io

import pikepdf
import pytest
from django.db import transaction

from common.errors import Invalid
from files import services
from files.enums import ScanState
from files.models import StoredContent, StoredFile
from tests.files import samples

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("data", "content_type", "extension"),
    [
        (samples.pdf(), "application/pdf", "pdf"),
        (samples.pdf(samples.add_opening_page), "application/pdf", "pdf"),
        (samples.pdf(samples.add_uri), "application/pdf", "pdf"),
        (samples.PNG, "image/png", "png"),
        (samples.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        (samples.odt(), "application/vnd.oasis.opendocument.text", "odt"),
        ("Délibération du conseil municipal.\n".encode(), "text/plain", "txt"),
    ],
)
def test_the_type_is_what_the_bytes_say(data, content_type, extension):
    stored = services.store("Mon projet.exe", io.BytesIO(data))
    stored.refresh_from_db()
    assert stored.content_type == content_type
    assert stored.name == f"Mon projet.{extension}"
    assert (stored.size, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert services.read(stored) == data


def code_of(data, name="x.pdf"):
    with pytest.raises(Invalid) as caught:
        services.store(name, data)
    assert caught.value.field == "file"
    assert caught.value.message.endswith(".")
    assert not StoredFile.objects.exists()
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"MZ\x90\0" + b"\0" * 200, "type_not_allowed"),
        (b"<html><script>alert(1)</script></html>", "type_not_allowed"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "type_not_allowed"),
        (samples.archive({"a.txt": "x"}), "type_not_allowed"),
        (samples.pdf(samples.add_javascript), "active_content"),
        (samples.compressed_pdf(samples.add_hidden_javascript), "active_content"),
        (samples.pdf(samples.add_attachment), "active_content"),
        (samples.pdf(samples.add_attachment_to_a_page), "active_content"),
        (samples.misnamed_archive(), "type_not_allowed"),
        (samples.damaged_odt(), "type_not_allowed"),
        (samples.pdf(samples.add_form), "active_content"),
        (samples.pdf(encryption=pikepdf.Encryption(user="secret", owner="secret")), "encrypted"),
        (samples.garbled_pdf(), "damaged"),
        (samples.docx(**{"word/vbaProject.bin": b"x"}), "active_content"),
        (samples.odt(**{"Basic/Standard/Module1.xml": "<x/>"}), "active_content"),
        (samples.bomb(), "bomb"),
        (samples.docx()[:60], "type_not_allowed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(data, code):
    assert code_of(data) == code


def test_refused_when_too_large_without_reading_it_all(settings):
    settings.FILE_MAX_BYTES = 1_000

    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            assert 0 < size <= 1_001
            self.asked += size
            return b"x" * size

    assert code_of(Endless()) == "too_large"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\Users\\mairie\\Projet école.txt", "Projet école.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie x.txt"),
        ("", "document.txt"),
        (".htaccess", "htaccess.txt"),
        ("e\u0301tude.txt", "étude.txt"),
        ("é" * 300 + ".txt", "é" * 150 + ".txt"),
        ("photo\u202egnp.exe", "photo gnp.txt"),
    ],
)
def test_names_are_made_harmless(given, kept):
    assert services.store(given, b"du texte\n").name == kept


def test_rolled_back_with_the_rest():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.store("x.txt", b"du texte\n")
        _ = 1 / 0
    assert not StoredFile.objects.exists()
    assert not StoredContent.objects.exists()


def test_without_a_scanner_a_file_is_said_not_scanned_and_asks_nothing():
    stored = services.store("x.txt", b"du texte\n")
    assert stored.scan_state == ScanState.NOT_SCANNED
    assert not StoredFile.objects.undone().exists()


def test_a_list_of_files_never_loads_their_bytes(django_assert_num_queries):
    services.store("x.txt", b"du texte\n")
    with django_assert_num_queries(1) as captured:
        list(StoredFile.objects.all())
    assert "storedcontent" not in captured.captured_queries[0]["sql"]
