"""``python -m anct_portal.embedded [--test] [--set NAME=VALUE] -- COMMAND…``: a command with its servers.

The servers that ``DATABASE_URL`` and ``REDIS_URL`` do not name are started, the command runs with both set, and
everything stops when it ends. The exit code is the command's, or 1 with one line when the servers could not run.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from anct_portal import env
from anct_portal.embedded.processes import Child, InterruptedStartError, ServerError, Signals, follow_parent
from anct_portal.embedded.servers import POSTGRES, REDIS, UNSAFE, Servers


def unnamed() -> frozenset[str]:
    """The servers that the environment does not name."""
    return (frozenset() if env.given("DATABASE_URL") else POSTGRES) | (frozenset() if env.given("REDIS_URL") else REDIS)


def _terminal_tells_the_command() -> bool:
    """Ctrl-C reaches every process in the foreground of the terminal: the command got it already."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def supervise(servers: Servers, command: list[str], signals: Signals) -> int:
    """Runs the command beside its started servers; returns its exit code."""
    child = Child(
        command[0],
        command,
        environment={**env.everything(), **servers.environment()},
        own_group=False,
    )
    try:
        while child.exit_code is None:
            asked = signals.wait(1.0)
            if asked == signal.SIGINT and _terminal_tells_the_command():
                continue
            if asked is not None:
                child.send(asked)
                child.stop_signal = signal.Signals(asked)
                child.stop(20)
            elif (dead := servers.dead()) is not None and child.exit_code is None:
                print(f"{dead.name} s’est arrêté (code {dead.exit_code}) : tout s’arrête.", file=sys.stderr)
                child.stop(10)
                return 1
    finally:
        child.stop(10)
    return child.exit_code or 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m anct_portal.embedded")
    parser.add_argument("--test", action="store_true", help="servers of var/test, quick and careless of power cuts")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a PostgreSQL parameter")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("which command?")
    var: Path = env.VAR_DIR / "test" if options.test else env.VAR_DIR
    parameters = dict(setting.split("=", 1) for setting in options.set)
    servers = Servers(var, unnamed(), {**(UNSAFE if options.test else {}), **parameters})
    with Signals() as signals:
        follow_parent()
        try:
            if servers.wanted:
                servers.start(signals)
            return supervise(servers, command, signals)
        except ServerError as error:
            print(error, file=sys.stderr)
            return 1
        except InterruptedStartError:
            return 130
        except FileNotFoundError as error:
            print(f"{error.filename} : commande introuvable.", file=sys.stderr)
            return 127
        finally:
            servers.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
