"""A worker that is connected and does nothing, while a mayor's browser sends the same request a thousand times."""

import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.portal import Portal, filing

pytestmark = pytest.mark.xdist_group("e2e")  # with the other portals, one after the other

#: Named so late at most (issue: 90 s); the canary counts after 60.
NAMED_WITHIN = 90.0
TIMES, AT_ONCE = 1000, 200


@pytest.fixture(scope="module")
def silent_since(portal: Portal) -> Iterator[float]:
    """Its master and children are frozen, its connections stay."""
    portal.recovers()
    portal.signal_group("tasks", signal.SIGSTOP)
    yield time.monotonic()
    portal.signal_group("tasks", signal.SIGCONT)
    portal.recovers()


def test_it_is_named_and_measured_while_all_else_is_well(portal: Portal, silent_since: float) -> None:
    while not (missing := portal.missing()):
        assert time.monotonic() - silent_since < NAMED_WITHIN
        time.sleep(1)
    assert missing == {"worker"}
    assert time.monotonic() - silent_since < NAMED_WITHIN
    measured = portal.ask("GET", "/metrics").body.decode()
    (line,) = [one for one in measured.splitlines() if one.startswith('portal_silence_seconds{process="worker"}')]
    assert 60 < float(line.split()[1]) < NAMED_WITHIN + 30


def test_a_thousand_identical_submissions_are_one_request(portal: Portal, silent_since: float) -> None:
    key, body = uuid.uuid4(), filing()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: portal.api("maire", "", body, key=key, timeout=120), range(TIMES)))
    assert Counter(answer.status for answer in answers) == {201: TIMES}
    assert len({answer.json()["reference"] for answer in answers}) == 1
    rows = portal.rows(
        """SELECT (SELECT count(*) FROM requests_transition t WHERE t.support_request_id = r.id),
          (SELECT count(*) FROM requests_routingjob j WHERE j.support_request_id = r.id),
          (SELECT count(*) FROM requests_fundingtest f WHERE f.support_request_id = r.id),
          (SELECT count(*) FROM notifications_outboxevent e WHERE e.payload->>'request_id' = r.id::text)
        FROM requests_supportrequest r WHERE submission_key = %s""",
        key,
    )
    assert rows == [(1, 1, 1, 1)]
    again = portal.api("maire", "", filing("Un tout autre besoin."), key=key)
    assert (again.status, again.json()["code"]) == (409, "key_reused")
    assert "a déjà été envoyée avec un autre contenu" in again.json()["detail"]
