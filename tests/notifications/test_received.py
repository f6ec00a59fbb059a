"""The development mailbox, from the sink's socket to the page."""

import smtplib
from email.message import EmailMessage

import pytest
from django.urls import reverse

from notifications import received
from tests.common.processes import free_port, manage, wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.DEBUG = True
    return tmp_path / "mails"


def message(to="maire@demo.example", subject="Mézel : une aide vous est proposée", html="<p>Bonjour</p>"):
    mail = EmailMessage()
    mail["From"] = "Guichet <guichet@localhost>"
    mail["To"] = to
    mail["Subject"] = subject
    mail.set_content("Bonjour,\n\nhttps://guichet.example/demandes/\n")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


def test_from_the_socket_to_the_page(client, settings, tmp_path):
    port = free_port()
    with manage("mail_sink", "--port", str(port), PORTAL_VAR_DIR=str(tmp_path), EMAIL_PORT=str(port)) as sink:
        assert sink.stdout.readline().startswith("mail sink on")
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.send_message(message())
        wait_until(lambda: list((tmp_path / "mails").glob("*.eml")), what="the mail on disk")
        sink.terminate()
        assert sink.wait(timeout=10) == 0
    settings.VAR_DIR, settings.DEBUG = tmp_path, True
    (mail,) = received.newest()
    page = client.get(reverse("notifications:mails")).content.decode()
    assert "Mézel : une aide vous est proposée" in page
    assert reverse("notifications:mail", args=[mail.name]) in page


def test_newest_first_and_by_address(client, mailbox):
    received.keep(bytes(message("maire@demo.example", "Premier")))
    received.keep(bytes(message("anct@demo.example", "Deuxième")))
    received.keep(bytes(message("Maire <MAIRE@demo.example>", "Troisième")))
    assert [mail.subject for mail in received.newest()] == ["Troisième", "Deuxième", "Premier"]
    assert [mail.subject for mail in received.newest("maire@demo.example")] == ["Troisième", "Premier"]
    page = client.get("/_courriels/?a=anct@").content.decode()
    assert "Deuxième" in page
    assert "Premier" not in page
    assert "Aucun courriel" in client.get("/_courriels/?a=nobody").content.decode()


def test_one_mail_in_both_forms(client, mailbox):
    path = received.keep(bytes(message(html='<p style="color:red">Bonjour</p><script>alert(1)</script>')))
    page = client.get(f"/_courriels/{path.stem}/")
    text = page.content.decode()
    assert '<a href="https://guichet.example/demandes/"' in text
    assert f'src="/_courriels/{path.stem}/html"' in text
    assert "<script>alert" not in text
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    part = client.get(f"/_courriels/{path.stem}/html")
    assert part["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox")
    assert "allow-scripts" not in part["Content-Security-Policy"]
    assert part["X-Frame-Options"] == "SAMEORIGIN"


def test_text_only(client, mailbox):
    path = received.keep(bytes(message(html="")))
    assert "iframe" not in client.get(f"/_courriels/{path.stem}/").content.decode()


@pytest.mark.parametrize("path", ["/_courriels/", "/_courriels/{name}/", "/_courriels/{name}/html"])
def test_closed_outside_development(client, mailbox, settings, path):
    name = received.keep(bytes(message())).stem
    assert client.get(path.format(name=name)).status_code == 200
    settings.DEBUG = False
    assert client.get(path.format(name=name)).status_code == 404


@pytest.mark.parametrize("name", ["nothing", "1234567890123456789-absent", "..", "etc-passwd"])
def test_a_name_is_never_a_path(client, mailbox, name):
    received.keep(bytes(message()))
    (mailbox.parent / "secret.eml").write_text("Subject: secret")
    assert client.get(f"/_courriels/{name}/").status_code == 404
    assert received.read("../secret") is None


def test_nothing_received_yet(client, mailbox):
    assert "Aucun courriel pour l’instant" in client.get("/_courriels/").content.decode()
