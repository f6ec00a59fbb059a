"""A PostgreSQL and a Redis of one ``var/`` folder, from their first start to the last signal.

Guaranteed: one supervisor at a time per ``var/`` (a lock that the kernel lifts when it dies); nobody else's process is
signalled (a server left by a killed supervisor is recognised by its program and its working directory, never by a
number read in a file); data is never half made (``initdb`` works beside, then renames).
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from anct_portal import env
from anct_portal.embedded import account as accounts
from anct_portal.embedded import binaries
from anct_portal.embedded.processes import Child, Identity, ServerError, Signals, end_survivors

DATABASE = "portal"
#: Below this the servers would soon stop for want of room.
FREE_BYTES_NEEDED = 300 * 1024 * 1024
START_SECONDS = 60
POSTGRES, REDIS = frozenset({"postgres"}), frozenset({"redis-server"})
NO_ROOM = "Plus de place sur le disque de {folder} : libérez-en ({needed} Mo au moins), puis relancez."

#: Modest: a portal of demonstration beside its developer's tools.
PARAMETERS = {"shared_buffers": "128MB", "max_connections": "100", "jit": "off", "log_min_messages": "warning"}
#: For databases that nobody would miss.
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Servers:
    """The servers of ``var``: those of ``wanted`` (``postgres``, ``redis``) that no address replaces."""

    var: Path
    wanted: frozenset[str] = POSTGRES | REDIS
    parameters: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    _folders: dict[str, Path] = field(default_factory=dict)
    _lock: IO[str] | None = None

    # --- the whole ----------------------------------------------------------------------------------------------------
    def start(self, signals: Signals) -> None:
        """Starts what is wanted and waits until it answers. Raises ServerError, and then leaves nothing running."""
        self.claim()
        try:
            self._start(signals)
        except (accounts.FolderError, OSError) as error:
            self.stop()
            raise ServerError(self._one_line(error)) from error
        except BaseException:
            self.stop()
            raise

    def claim(self) -> None:
        """Keeps every other supervisor out of ``var`` until ``stop``, or the death of this process."""
        try:
            self._take_lock()
        except OSError as error:
            raise ServerError(self._one_line(error)) from error

    def _start(self, signals: Signals) -> None:
        if not self.wanted:
            return
        if shutil.disk_usage(self.var).free < FREE_BYTES_NEEDED:
            raise ServerError(NO_ROOM.format(folder=self.var, needed=FREE_BYTES_NEEDED // 1024**2))
        account = accounts.unprivileged()
        home = accounts.home(self.var, account)
        candidates = accounts.socket_candidates(account, env.given("XDG_RUNTIME_DIR"))
        sockets = accounts.socket_folder(self.var, account, candidates)
        if "postgres" in self.wanted:
            self._start_postgresql(home, sockets, account, signals)
        if "redis-server" in self.wanted:
            self._start_redis(home, sockets, account, signals)
        self.record({})

    def record(self, more: dict[str, str]) -> None:
        """Writes what a command needs to work beside us, under ``var/run``, for our own account's eyes."""
        identity = Identity.of(os.getpid())
        content = {"supervisor": identity.as_dict() if identity else {}, "environment": {**self.addresses, **more}}
        temporary = self._record.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
        temporary.replace(self._record)

    def stop(self) -> None:
        """Stops what was started, the last first, and lets another supervisor in."""
        for child in reversed(self.children):
            child.stop(30, then=signal.SIGQUIT if child.name == "PostgreSQL" else signal.SIGKILL)
            folder = self._folders[child.name]
            end_survivors(folder, POSTGRES | REDIS, signal.SIGQUIT, 5)  # sessions whose postmaster was killed
        self.children.clear()
        if self._lock is not None:
            self._record.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def dead(self) -> Child | None:
        """A server that stopped by itself."""
        return next((child for child in self.children if child.exit_code is not None), None)

    def environment(self) -> dict[str, str]:
        """What a command needs in its environment to use these servers."""
        return {"PORTAL_VAR_DIR": str(self.var), **self.addresses}

    @property
    def _record(self) -> Path:
        return self.var / "run" / env.RECORD.name

    def log_of(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        for folder in (self.var, self.var / "run", self.var / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        lock = (self.var / "run" / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "inconnu"
            lock.close()
            raise ServerError(
                f"Les serveurs de {self.var} tournent déjà (processus {holder}) : arrêtez-le, ou utilisez-les."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _one_line(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.errno == 28:
            return NO_ROOM.format(folder=self.var, needed=FREE_BYTES_NEEDED // 1024**2)
        if isinstance(error, PermissionError):
            return (
                f"{error.filename or self.var} : écriture refusée. Lancez la commande sous le compte qui possède var/."
            )
        return str(error)

    # --- PostgreSQL -----------------------------------------------------------------------------------------------
    def _start_postgresql(self, home: Path, sockets: Path, account: accounts.Account | None, signals: Signals) -> None:
        tree = binaries.within_reach(binaries.postgresql(), home, account, program="bin/postgres")
        self.versions["PostgreSQL"] = binaries.version(tree / "bin" / "postgres")
        data = self._folders["PostgreSQL"] = home / "postgresql"
        end_survivors(data, POSTGRES, signal.SIGINT, 30)
        with self.log_of("postgresql").open("ab") as log:
            if not data.exists():
                self._initialise(tree, data, account, log, signals)
            found = (data / "PG_VERSION").read_text(encoding="ascii").strip()
            if found != binaries.POSTGRESQL_VERSION:
                raise ServerError(
                    f"Les données de {data} sont de PostgreSQL {found} : « make resetdb » les supprime, "
                    f"pg_dump de la version {found} les garde."
                )
            # No postmaster of ours runs in this folder: what these files say is of the past.
            for stale in (data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock", sockets / ".s.PGSQL.5432"):
                stale.unlink(missing_ok=True)
            fixed = {
                "listen_addresses": "",
                "unix_socket_directories": str(sockets),
                "unix_socket_permissions": "0700",
                "port": "5432",
                "logging_collector": "off",
            }
            options = [f"-c{name}={value}" for name, value in {**PARAMETERS, **self.parameters, **fixed}.items()]
            position = log.seek(0, os.SEEK_END)
            child = Child(
                "PostgreSQL",
                [tree / "bin" / "postgres", "-D", data, *options],
                environment={"LC_ALL": "C.UTF-8", "PATH": os.defpath, "PGTZ": "UTC"},
                account=account,
                log=log,
                stop_signal=signal.SIGINT,  # "fast": ends the sessions, writes a checkpoint
                cwd="/",
            )
        self.children.append(child)
        self._wait(child, lambda: self._postgresql_answers(sockets), position, signals)
        self._create_database(sockets)
        self.addresses["DATABASE_URL"] = f"postgres://postgres@{quote(str(sockets), safe='')}/{DATABASE}"

    def _initialise(
        self, tree: Path, data: Path, account: accounts.Account | None, log: IO[bytes], signals: Signals
    ) -> None:
        unfinished = data.with_suffix(".new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        position = log.seek(0, os.SEEK_END)
        options = ["--username=postgres", "--encoding=UTF8", "--locale-provider=libc", "--locale=C.UTF-8"]
        options += ["--lc-collate=C", "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        if self.parameters.get("fsync") == "off":
            options.append("--no-sync")
        child = Child(
            "initdb",
            [tree / "bin" / "initdb", f"--pgdata={unfinished}", *options],
            environment={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            account=account,
            log=log,
            cwd="/",
        )
        try:
            while child.exit_code is None:
                signals.pause(0.5)
        finally:
            child.stop(5)
        if child.exit_code:
            raise ServerError(self._why("initdb", self.log_of("postgresql"), position))
        unfinished.rename(data)

    @staticmethod
    def _postgresql_answers(sockets: Path) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(sockets), user="postgres", dbname="postgres", connect_timeout=2).close()
            return True
        return False

    @staticmethod
    def _create_database(sockets: Path) -> None:
        with psycopg.connect(host=str(sockets), user="postgres", dbname="postgres", autocommit=True) as server:
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                server.execute(
                    f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
                )

    # --- Redis --------------------------------------------------------------------------------------------------------
    def _start_redis(self, home: Path, sockets: Path, account: accounts.Account | None, signals: Signals) -> None:
        program = binaries.within_reach(binaries.redis(), home, account)
        self.versions["Redis"] = binaries.version(program)
        data = self._folders["Redis"] = accounts.private(home / "redis", account)
        end_survivors(data, REDIS, signal.SIGTERM, 10)
        address = sockets / "redis.sock"
        address.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(address),
            "unixsocketperm": "700",
            "dir": str(data),
            "daemonize": "no",
            "appendonly": "yes",  # a stop loses no message
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        with self.log_of("redis").open("ab") as log:
            position = log.seek(0, os.SEEK_END)
            child = Child("Redis", [program, *arguments], account=account, log=log, cwd="/")
        self.children.append(child)
        self._wait(child, lambda: self._redis_answers(address), position, signals)
        self.addresses["REDIS_URL"] = f"redis+socket://{address}"

    @staticmethod
    def _redis_answers(address: Path) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(address))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False

    # --- waiting ------------------------------------------------------------------------------------------------------
    def _wait(self, child: Child, answers: Callable[[], bool], position: int, signals: Signals) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if child.exit_code is not None or time.monotonic() > deadline:
                raise ServerError(self._why(child.name, self.log_of(child.name.lower()), position))
            signals.pause(0.05)

    def _why(self, name: str, log: Path, position: int) -> str:
        """What the log says of a failed start, in one line."""
        text = log.read_bytes()[position:].decode(errors="replace")
        if "No space left on device" in text[-4000:]:
            return NO_ROOM.format(folder=self.var, needed=FREE_BYTES_NEEDED // 1024**2)
        reasons = [line for line in text.splitlines() if any(word in line for word in ("FATAL", "error:", "# "))]
        reason = reasons[-1].strip() if reasons else "aucune réponse"
        return f"{name} ne démarre pas : {reason} (journal : {log})."
