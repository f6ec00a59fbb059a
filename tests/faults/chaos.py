"""People who file, acknowledge, qualify and decide, while what serves them is killed, frozen and emptied.

The faults and their moments are drawn from the seed before the first of them: the same seed strikes the same blows at
the same times. (What each blow meets depends on the machine.)
"""

import queue
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.portal import Answer, Portal, filing

#: Little for people, much for two cores: each file is a letter, a dozen mails, two assessments.
FILERS, AGENTS, PAUSE = 2, 2, 3.5
#: Nobody is refused for good by these: sent again, under the same key when there is one.
AGAIN = frozenset({0, 503})


@dataclass(frozen=True, slots=True)
class Blow:
    """A fault at a moment; what it breaks is mended ``lasting`` seconds later, unless it mends itself."""

    at: float
    name: str
    lasting: float
    number: int

    def __str__(self) -> str:
        return f"{self.at:6.1f} s  {self.name}" + (f" ({self.lasting:.1f} s)" if self.name in LASTING else "")


def _freeze(name: str) -> tuple[Callable[[Portal, Blow], None], Callable[[Portal], None]]:
    return (
        lambda portal, blow: portal.signal_group(name, signal.SIGSTOP),
        lambda portal: portal.signal_group(name, signal.SIGCONT),
    )


def _kill(name: str) -> Callable[[Portal, Blow], None]:
    return lambda portal, blow: portal.kill_group(name)


def _kill_child(name: str) -> Callable[[Portal, Blow], None]:
    return lambda portal, blow: portal.kill_child(name, blow.number)


#: Over at once: an orchestrator starts again what fell.
SUDDEN: dict[str, Callable[[Portal, Blow], None]] = {
    "web killed": _kill("web"),
    "a web process killed": _kill_child("web"),
    "workers killed": _kill("tasks"),
    "a worker process killed": _kill_child("tasks"),
    "beat killed": _kill("beat"),
    "reconciler killed": _kill("reconcile"),
    "mail server killed": _kill("mails"),
    "redis killed, empty again": _kill("redis"),
    "redis emptied": lambda portal, blow: portal.empty_redis(),
}
#: The fault, and what ends it.
LASTING: dict[str, tuple[Callable[[Portal, Blow], None], Callable[[Portal], None]]] = {
    "redis frozen": _freeze("redis"),
    "workers frozen": _freeze("tasks"),
    "reconciler frozen": _freeze("reconcile"),
    "postgresql stopped at once": (
        lambda portal, blow: portal.postgresql_stops(),
        lambda portal: portal.postgresql_starts(),
    ),
    "postgresql frozen": (
        lambda portal, blow: portal.postgresql_signal(signal.SIGSTOP),
        lambda portal: portal.postgresql_signal(signal.SIGCONT),
    ),
}


def schedule(seed: int, seconds: float) -> list[Blow]:
    """Every fault in turn, in an order and at moments that the seed decides."""
    drawn, blows, names = random.Random(seed), list[Blow](), list[str]()
    at = 3.0
    while at < seconds - 4:
        if not names:
            names = sorted([*SUDDEN, *LASTING])
            drawn.shuffle(names)
        name = names.pop()
        lasting = drawn.uniform(1.0, 4.0) if name in LASTING else 0.0
        blows.append(Blow(at, name, lasting, drawn.randrange(1000)))
        at += lasting + drawn.uniform(1.0, 3.5)
    return blows


@dataclass
class Promises:
    """What the portal said it had done, which must be true whatever happened since."""

    filed: dict[uuid.UUID, str] = field(default_factory=dict)
    asked: set[uuid.UUID] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)


class Chaos:
    """One run."""

    def __init__(self, portal: Portal, seed: int, seconds: float) -> None:
        self.portal, self.seed, self.seconds = portal, seed, seconds
        self.blows = schedule(seed, seconds)
        self.promises = Promises()
        self.over = threading.Event()
        self.files: queue.Queue[str] = queue.Queue()

    def run(self, say: Callable[[str], None]) -> Promises:
        people = [threading.Thread(target=self._alive, args=(self._file,)) for _ in range(FILERS)]
        people += [threading.Thread(target=self._alive, args=(self._treat,)) for _ in range(AGENTS)]
        for one in people:
            one.start()
        try:
            self._strike(say)
        finally:
            self.over.set()
            for one in people:
                one.join(120)
        return self.promises

    def _strike(self, say: Callable[[str], None]) -> None:
        """In the main thread: a child is promised to end with the thread that starts it."""
        started = time.monotonic()

        def until(moment: float) -> None:
            while (left := moment - (time.monotonic() - started)) > 0:
                time.sleep(min(left, 0.3))
                self.portal.watch()

        for blow in self.blows:
            until(blow.at)
            say(str(blow))
            if blow.name in SUDDEN:
                SUDDEN[blow.name](self.portal, blow)
                continue
            begin, end = LASTING[blow.name]
            begin(self.portal, blow)
            try:
                until(blow.at + blow.lasting)
            finally:
                end(self.portal)
        until(self.seconds)

    # --- people ---------------------------------------------------------------------------------------------------
    def _alive(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # a thread's own error must fail the test
            self.promises.odd.append(f"{type(error).__name__}: {error}")

    def _insist(self, ask: Callable[[], Answer], *, fine: frozenset[int]) -> Answer | None:
        """Until the portal answers, or all is over."""
        while True:
            answer = ask()
            self.promises.statuses[answer.status] += 1
            if answer.status in fine:
                return answer
            if answer.status not in AGAIN:
                self.promises.odd.append(f"{answer.status} {answer.body[:300]!r}")
                return None
            if self.over.is_set():
                return None
            time.sleep(0.2)

    def _file(self) -> None:
        while not self.over.is_set():
            self._file_one(uuid.uuid4())
            self.over.wait(PAUSE)

    def _file_one(self, key: uuid.UUID) -> None:
        self.promises.asked.add(key)
        body = filing(f"Le toit du lavoir s’effondre ({key}).")
        answer = self._insist(lambda: self.portal.api("maire", "", body, key=key), fine=frozenset({201}))
        if answer is not None:
            self.promises.filed[key] = str(answer.json()["reference"])
            self.files.put(self.promises.filed[key])

    def _treat(self) -> None:
        while not self.over.is_set():
            try:
                reference = self.files.get(timeout=0.5)
            except queue.Empty:
                continue
            self._acknowledge(reference)

    def _acknowledge(self, reference: str) -> None:
        portal, mine = self.portal, self.portal.people["instructeur"]["mandate"]
        act = {"action": "acknowledge", "contact": mine}
        told = self._insist(
            lambda: portal.api("instructeur", f"{reference}/transitions/", act), fine=frozenset({201, 409})
        )
        if told is None:
            return
        self.promises.acknowledged.add(reference)
        read = "subject=participation&themes=PAR&competence=commune&phase=framing"
        page = f"/guichet/{reference}/qualifier/"
        if self._insist(lambda: portal.page("instructeur", page, read), fine=frozenset({302})) is None:
            return
        body = {"kind": "local", "offers": list(portal.offers.values()), "message": "Un toit.", "reason": "Choix."}
        answers: list[Answer | None] = []

        def decide(who: str) -> None:
            answers.append(
                self._insist(lambda: portal.api(who, f"{reference}/decisions/", body), fine=frozenset({202, 409}))
            )

        two = [
            threading.Thread(target=self._alive, args=(lambda who=who: decide(who),)) for who in ("adjoint", "delegue")
        ]
        for one in two:
            one.start()
        for one in two:
            one.join()
        if any(answers):
            self.promises.decided.add(reference)


# --- afterwards ------------------------------------------------------------------------------------------------------

#: What no row may do, whatever happened: each statement lists those that do.
NEVER: dict[str, str] = {
    "work given up": """
        SELECT 'letter', last_error FROM requests_document WHERE failed_at IS NOT NULL
        UNION ALL SELECT 'routing', last_error FROM requests_routingjob WHERE failed_at IS NOT NULL
        UNION ALL SELECT 'dispatch', last_error FROM requests_dispatch WHERE failed_at IS NOT NULL
        UNION ALL SELECT 'event', last_error FROM notifications_outboxevent WHERE failed_at IS NOT NULL
        UNION ALL SELECT 'mail', last_error FROM notifications_mail WHERE state NOT IN ('sent')""",
    "a request with two decisions": """
        SELECT support_request_id, count(*) FROM requests_decision
        WHERE support_request_id = ANY(%s) GROUP BY 1 HAVING count(*) > 1""",
    "a decision that asked a provider twice, or not": """
        SELECT d.support_request_id, count(s.id) FROM requests_decision d
        LEFT JOIN requests_solicitation s ON s.decision_id = d.id
        WHERE d.support_request_id = ANY(%s) GROUP BY d.id
        HAVING count(s.id) <> 2 OR count(DISTINCT s.offer_id) <> 2""",
    "a request not routed": """
        SELECT id FROM requests_supportrequest WHERE id = ANY(%s) AND assessment_id IS NULL""",
    "an acknowledgement without its letter, or with two": """
        SELECT t.support_request_id, count(d.id) FROM requests_transition t LEFT JOIN requests_document d
          ON d.support_request_id = t.support_request_id AND d.kind = 'receipt' AND d.file_id IS NOT NULL
        WHERE t.action = 'acknowledge' AND t.support_request_id = ANY(%s)
        GROUP BY t.support_request_id HAVING count(d.id) <> 1""",
    "two mails about one event, to one person, of one kind": """
        SELECT event_id, recipient_key, kind FROM notifications_mail GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a step taken twice": """
        SELECT support_request_id, action FROM requests_transition
        WHERE support_request_id = ANY(%s) GROUP BY 1, 2 HAVING count(*) > 1""",
    "a step that nobody is told of": """
        SELECT t.id FROM requests_transition t LEFT JOIN notifications_outboxevent e ON e.event_id = t.id
        WHERE t.support_request_id = ANY(%s) AND t.action IN ('submit', 'acknowledge') AND e.event_id IS NULL""",
}


def breaches(portal: Portal, promises: Promises) -> list[str]:
    """What does not hold, in sentences; everything has been given the time to be done."""
    found = [f"unforeseen answer: {one}" for one in promises.odd]
    rows = portal.rows(
        "SELECT submission_key, reference, id, state FROM requests_supportrequest WHERE submission_key = ANY(%s)",
        list(promises.asked),
    )
    kept = {key: reference for key, reference, _, _ in rows}
    states = {reference: state for _, reference, _, state in rows}
    found += [f"filed and lost: {key} {ref}" for key, ref in promises.filed.items() if kept.get(key) != ref]
    found += [f"acknowledged and lost: {ref}" for ref in promises.acknowledged if states[ref] == "submitted"]
    found += [f"decided and lost: {ref}" for ref in promises.decided if states[ref] != "local_search"]
    ids: list[Any] = [pk for _, _, pk, _ in rows]
    for what, sql in NEVER.items():
        found += [f"{what}: {row}" for row in portal.rows(sql, *([ids] if "%s" in sql else []))]
    numbers = sorted(int(reference.rsplit("-", 1)[1]) for reference in states)
    if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        found.append("a hole in the references")
    sent = {one for (one,) in portal.rows("SELECT message_id FROM notifications_mail WHERE state = 'sent'")}
    received = {str(message["Message-ID"]) for message in portal.mails("@")}
    found += [f"sent and never received: {one}" for one in sorted(sent - received)]
    return found
