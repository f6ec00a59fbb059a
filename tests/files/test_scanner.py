"""Conversations with a scanner that speaks clamd's protocol, including the ways it fails."""

import socketserver
import struct
import threading

import pytest

from common import jobs
from files import services
from files.enums import ScanState
from files.models import StoredFile

pytestmark = pytest.mark.django_db


class Clamd(socketserver.ThreadingTCPServer):
    """Reads an INSTREAM, and answers what the test wants."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answer = b"stream: OK\0"
        self.received = b""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        assert self.rfile.read(10) == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
        self.server.received = data
        if self.server.answer is not None:
            self.wfile.write(self.server.answer)


@pytest.fixture
def clamd(settings):
    server = Clamd()
    settings.CLAMD_ADDRESS = f"127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    server.server_close()


def scanned(clamd, answer):
    clamd.answer = answer
    stored = services.store("x.txt", b"du texte\n" * 20_000)
    assert stored.scan_state == ScanState.PENDING
    assert not stored.is_servable
    jobs.sweep([services.WORK])
    stored.refresh_from_db()
    return stored


def test_clean(clamd):
    stored = scanned(clamd, b"stream: OK\0")
    assert (stored.scan_state, stored.is_servable) == (ScanState.CLEAN, True)
    assert clamd.received == b"du texte\n" * 20_000


def test_infected(clamd):
    stored = scanned(clamd, b"stream: Win.Test.EICAR_HDB-1 FOUND\0")
    assert (stored.scan_state, stored.is_servable) == (ScanState.INFECTED, False)


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK maybe\0"])
def test_anything_else_keeps_the_file_closed_for_good_in_the_end(clamd, clock, answer):
    stored = scanned(clamd, answer)
    assert not stored.is_servable
    for _ in range(8):
        clock.shift(hours=2)
        jobs.sweep([services.WORK])
    stored.refresh_from_db()
    assert (stored.scan_state, stored.is_servable) == (ScanState.FAILED, False)


def test_a_scanner_that_is_away_is_waited_for(clamd, clock, settings):
    address, settings.CLAMD_ADDRESS = settings.CLAMD_ADDRESS, "127.0.0.1:1"
    stored = services.store("x.txt", b"du texte\n")
    for _ in range(10):
        jobs.sweep([services.WORK])
        clock.shift(hours=1)
    stored.refresh_from_db()
    assert (stored.scan_state, stored.attempts) == (ScanState.PENDING, 0)
    settings.CLAMD_ADDRESS = address
    jobs.sweep([services.WORK])
    assert StoredFile.objects.get().scan_state == ScanState.CLEAN
