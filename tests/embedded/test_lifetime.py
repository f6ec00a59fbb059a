"""Killing the supervisor, its children and its parent, in every order: nothing is left running, nothing is lost."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from anct_portal.embedded import account
from anct_portal.embedded.processes import Identity, inside
from tests.embedded.conftest import STAY, wait_until

VICTIMS = ("parent", "supervisor", "postgres", "redis-server")


def write_row(one: Any) -> int:
    """Adds a committed row; returns how many there are."""
    with one.connect() as database:
        database.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT now())")
        database.execute("INSERT INTO kept DEFAULT VALUES")
        return database.execute("SELECT count(*) FROM kept").fetchone()[0]


@pytest.fixture(scope="module")
def rows() -> dict[str, int]:
    """How many rows the shared ``var/`` holds: each start must find those of all the runs before it."""
    return {"count": 0}


@pytest.mark.parametrize("order", list(itertools.permutations(VICTIMS)), ids="-".join)
def test_killed_in_any_order_nothing_is_left_and_nothing_is_lost(
    order: tuple[str, ...], kept_var: Path, supervised: Any, rows: dict[str, int]
) -> None:
    one = supervised(kept_var, parent=True).wait_ready()
    assert write_row(one) == rows["count"] + 1
    rows["count"] += 1
    victims = {"parent": psutil.Process(one.process.pid), "supervisor": one.supervisor}
    victims |= {name: one.child(name) for name in ("postgres", "redis-server")}
    for name in order:
        with contextlib.suppress(psutil.NoSuchProcess):
            victims[name].kill()
    assert one.left() == []


@pytest.mark.parametrize("alone", VICTIMS)
def test_one_death_stops_everything(alone: str, kept_var: Path, supervised: Any, rows: dict[str, int]) -> None:
    one = supervised(kept_var, parent=True).wait_ready()
    assert write_row(one) == rows["count"] + 1
    rows["count"] += 1
    victim = {"parent": one.process.pid, "supervisor": one.supervisor.pid}.get(alone)
    psutil.Process(victim or one.child(alone).pid).kill()
    assert one.left(30) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_stops_in_order(number: signal.Signals, kept_var: Path, supervised: Any, rows: dict[str, int]) -> None:
    one = supervised(kept_var).wait_ready()
    assert write_row(one) == rows["count"] + 1
    rows["count"] += 1
    one.supervisor.send_signal(number)
    assert one.finish() == (128 + number, "")
    assert one.left(0) == []
    assert not (kept_var / "run" / "environment.json").exists()
    log = (kept_var / "log" / "postgresql.log").read_text()
    assert log.rstrip().endswith("database system is shut down") or "not properly shut down" not in log[-500:]


@pytest.mark.parametrize("name", ["postgres", "redis-server"])
def test_dead_server_is_told_in_one_line(name: str, kept_var: Path, supervised: Any) -> None:
    one = supervised(kept_var).wait_ready()
    one.child(name).kill()
    code, errors = one.finish()
    assert code == 1
    assert errors.count("\n") == 1
    assert "tout s’arrête" in errors
    assert one.left(0) == []


@pytest.mark.parametrize("pause", [0.3, 0.6, 0.9, 1.2])
def test_stopped_or_killed_while_it_starts(pause: float, var: Path, supervised: Any) -> None:
    """Half an ``initdb`` leaves nothing that the next start would take for a cluster."""
    for number in (signal.SIGKILL, signal.SIGTERM):
        early = supervised(var)
        wait_until(lambda early=early: early.process.poll() is not None, pause)
        early.family = psutil.Process(early.process.pid).children(recursive=True)
        early.process.send_signal(number)
        early.finish()
        assert early.left() == []
    one = supervised(var).wait_ready()
    assert write_row(one) == 1


def test_foreign_process_that_took_the_pid_is_not_killed(kept_var: Path, supervised: Any) -> None:
    supervised(kept_var, ["true"]).finish()
    lent = account.unprivileged()
    identity = {"user": lent.uid, "group": lent.gid, "extra_groups": []} if lent else {}
    stranger = subprocess.Popen(["sleep", "600"], cwd="/", **identity)
    try:
        data = kept_var / "servers" / "postgresql"
        stale = data / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{data}\n1700000000\n5432\n/tmp\n\n  1234567         0\nready   \n")
        if lent:
            os.chown(stale, lent.uid, lent.gid)
        (kept_var / "run" / "lock").write_text(f"{stranger.pid}\n")
        (kept_var / "run" / "environment.json").write_text(f'{{"supervisor": {{"pid": {stranger.pid}}}}}')
        one = supervised(kept_var).wait_ready()
        assert one.answers()
        one.supervisor.terminate()
        one.finish()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_survivor_of_a_killed_supervisor_is_stopped_by_the_next(kept_var: Path, supervised: Any) -> None:
    """Where the system does not stop a child with its parent: a server that nobody supervises is taken over."""
    supervised(kept_var, ["true"]).finish()
    lent = account.unprivileged()
    identity = {"user": lent.uid, "group": lent.gid, "extra_groups": []} if lent else {}
    first = supervised(kept_var).wait_ready()
    command = first.child("postgres").cmdline()
    first.supervisor.terminate()
    first.finish()
    orphan = subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **identity)
    data = kept_var / "servers" / "postgresql"
    assert wait_until(lambda: any(inside(data, frozenset({"postgres"}))))
    try:
        one = supervised(kept_var).wait_ready()
        assert orphan.wait(10) == 0
        assert one.answers()
    finally:
        orphan.kill()
        orphan.wait()


def test_second_supervisor_is_refused_and_the_first_unharmed(kept_var: Path, supervised: Any) -> None:
    first = supervised(kept_var).wait_ready()
    code, errors = supervised(kept_var).finish()
    assert code == 1
    assert errors.count("\n") == 1
    assert f"processus {first.supervisor.pid}" in errors
    assert first.answers()


def test_command_that_leaves_children_behind_does_not_keep_the_servers(kept_var: Path, supervised: Any) -> None:
    one = supervised(kept_var, ["sh", "-c", "echo ready; sleep 1; exit 7"]).wait_ready()
    assert one.finish() == (7, "")
    assert one.left(0) == []


def test_killed_redis_keeps_what_it_acknowledged(kept_var: Path, supervised: Any) -> None:
    import redis

    def connect(one: Any) -> "redis.Redis":
        return redis.Redis(unix_socket_path=one.record["environment"]["REDIS_URL"].removeprefix("redis+socket://"))

    one = supervised(kept_var).wait_ready()
    with connect(one) as client:
        client.set("kept", "yes")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert wait_until(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0, 3)
    one.supervisor.terminate()
    one.finish()
    with connect(supervised(kept_var).wait_ready()) as client:
        assert client.get("kept") == b"yes"


def test_identity_is_more_than_a_number() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        # between the fork and the program, a process has no command line
        assert wait_until(lambda: Identity.of(process.pid).command.endswith("input()"))
    finally:
        process.kill()
        process.communicate()
    assert Identity.of(process.pid) is None


def test_servers_are_gone_after_the_command(kept_var: Path, supervised: Any) -> None:
    one = supervised(kept_var, STAY).wait_ready()
    url = one.record["environment"]["DATABASE_URL"]
    one.supervisor.terminate()
    one.finish()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
