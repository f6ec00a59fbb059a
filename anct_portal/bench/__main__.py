"""``python -m anct_portal.bench``: every goal, on databases of volume, then docs/bench.md.

``SIZES`` are the requests that each database holds (10000,100000); ``FULL=1`` adds a million and takes its time over
the rest. Runs beside the servers that it is given, under ``python -m anct_portal.embedded``.
"""

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

from anct_portal import env
from anct_portal.bench.page import document, kept, machine

DATABASE = "portal_bench"
#: Before its number of requests, the name of a template (``anct_portal.volume``, which needs Django).
TEMPLATE = "portal_volume_"
MILLION = 1_000_000
LINES = env.VAR_DIR / "bench.jsonl"
PAGE = env.BASE_DIR / "docs" / "bench.md"


def sizes(full: bool) -> list[int]:
    chosen = {int(size) for size in (env.given("SIZES") or "10000,100000").split(",")}
    return sorted(chosen | {MILLION} if full else chosen)


class Bench:
    """One run: a template and a copy of it a size, the measures, the page."""

    def __init__(self, full: bool) -> None:
        self.full = full
        self.url = env.text("DATABASE_URL")
        self.environment = {
            **env.everything(),
            "SECRET_KEY": "measures only",
            "ALLOWED_HOSTS": "localhost",
            "TRUSTED_PROXIES": "1",
            "DATABASE_ROLE": "portal_application",
            "UNDO_SECONDS": "0",
        }

    def run(self) -> None:
        started = time.monotonic()
        facts: dict[str, Any] = {**machine(env.VAR_DIR), "versions": self.versions(), "command": command(self.full)}
        LINES.unlink(missing_ok=True)
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        chosen = sizes(self.full)
        for size in chosen:
            self.manage("seed", "--volume", str(size), DEBUG="True")
            label = f"{size:,} requests"
            print(f"\n{label}", flush=True)
            self.copy(size)
            self.measure("--label", label)
        print("\nA whole portal", flush=True)
        self.copy(max(size for size in chosen if size < MILLION) if len(chosen) > 1 else chosen[0])
        self.measure("--live", *(["--full"] if self.full else []), "--label", "A whole portal")
        if MILLION in chosen and len(chosen) > 1:
            self.copy(MILLION)
            self.measure("--live", "--only", "simulation", "--label", f"A whole portal, {MILLION:,} requests")
        self.drop()
        facts["took"] = f"{(time.monotonic() - started) / 60:.0f} minutes"
        PAGE.write_text(document(kept(LINES), facts), encoding="utf-8")
        print(f"\n{PAGE.relative_to(env.BASE_DIR)} · {LINES}", flush=True)

    def manage(self, *arguments: str, url: str = "", **variables: str) -> None:
        environment = {**self.environment, "DEBUG": "False", "DATABASE_URL": url or self.url, **variables}
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=env.BASE_DIR, env=environment, check=True)

    def measure(self, *arguments: str) -> None:
        url = f"{self.url.rpartition('/')[0]}/{DATABASE}"
        self.manage("grant_roles", url=url)
        self.manage("bench", "--json", str(LINES), *arguments, url=url)

    def copy(self, size: int) -> None:
        self.drop()
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(DATABASE), sql.Identifier(f"{TEMPLATE}{size}")
                )
            )

    def drop(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))

    def versions(self) -> str:
        with psycopg.connect(self.url) as server:
            told = {
                name: server.execute(f"SHOW {name}".encode()).fetchone()[0]  # type: ignore[index]
                for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers")
            }
        broker = redis.Redis.from_url(env.text("REDIS_URL").replace("redis+socket:", "unix:"))
        settings = ", ".join(f"{name}={value}" for name, value in told.items() if name != "server_version")
        return (
            f"PostgreSQL {told['server_version']} ({settings}), Redis {broker.info('server')['redis_version']}, "
            f"Python {platform.python_version()}, wrk {'present' if shutil.which('wrk') else 'absent'}"
        )


def command(full: bool) -> str:
    chosen = env.given("SIZES")
    return "`make bench" + (f" SIZES={chosen}" if chosen else "") + (" FULL=1" if full else "") + "`"


def main() -> int:
    Path(env.VAR_DIR).mkdir(parents=True, exist_ok=True)
    os.chdir(env.BASE_DIR)
    try:
        Bench(full=env.given("FULL") == "1").run()
    except subprocess.CalledProcessError as error:
        print(f"« {' '.join(error.cmd[1:3])} » a échoué (code {error.returncode}).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
