"""``make chaos MINUTES=10 SEED=7``; less than one in the suite. The seed is printed, and strikes again alike."""

import os
import random
import sys
import time

import pytest

from tests.faults.chaos import LASTING, SUDDEN, Chaos, breaches, schedule
from tests.faults.portal import Portal

pytestmark = pytest.mark.xdist_group("e2e")  # with the other portals, one after the other

SECONDS = float(os.environ.get("CHAOS_MINUTES") or 0.75) * 60
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(10**6))


def test_a_seed_strikes_again_alike() -> None:
    assert schedule(7, 300) == schedule(7, 300) != schedule(8, 300)
    assert {blow.name for blow in schedule(7, 300)} == {*SUDDEN, *LASTING}


def test_nothing_is_lost_doubled_or_stuck(portal: Portal, capsys: pytest.CaptureFixture[str]) -> None:
    portal.recovers()

    def say(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    say(f"\nchaos: {SECONDS:.0f} s, SEED={SEED}")
    promises = Chaos(portal, SEED, SECONDS).run(say)
    before = time.monotonic()
    portal.recovers()
    say(
        f"chaos: {len(promises.filed)} filed, {len(promises.decided)} decided;"
        f" whole again in {time.monotonic() - before:.0f} s; answers {dict(sorted(promises.statuses.items()))}"
    )
    assert breaches(portal, promises) == [], f"SEED={SEED}"
    portal.manage("check_integrity")
    assert len(promises.filed) > SECONDS / 10, "nothing much was tried"
    assert promises.decided
