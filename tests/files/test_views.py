"""How a file is given to a browser."""

import pytest

from common.errors import NotAllowed
from files import services
from files.enums import ScanState
from files.views import serve
from tests.files import samples

pytestmark = pytest.mark.django_db


def test_downloaded_never_run():
    response = serve(services.store("Délibération n° 3.txt", b"du texte\n"))
    assert response.content == b"du texte\n"
    assert response["Content-Disposition"] == ("attachment; filename*=utf-8''D%C3%A9lib%C3%A9ration%20n%C2%B0%203.txt")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Length"] == "9"
    assert response["Content-Type"] == "text/plain; charset=utf-8"


def test_shown_only_when_a_browser_shows_it_safely():
    assert serve(services.store("a.pdf", samples.pdf()), inline=True)["Content-Disposition"].startswith("inline")
    assert serve(services.store("a.docx", samples.docx()), inline=True)["Content-Disposition"].startswith("attachment")
    assert serve(services.store("a.pdf", samples.pdf()))["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("state", [ScanState.PENDING, ScanState.INFECTED, ScanState.FAILED])
def test_closed_while_its_scan_is_not_good(state):
    stored = services.store("a.txt", b"du texte\n")
    stored.scan_state = state
    with pytest.raises(NotAllowed) as caught:
        serve(stored)
    assert caught.value.code == f"file_{state}"
