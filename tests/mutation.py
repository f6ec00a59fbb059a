"""``make mutation``: mutmut on the rules, each module against the tests that are its own, into ``docs/mutation.md``.

mutmut changes functions only. Tables read once at import (the workflow's rules, the abilities) are held whole by
``docs/workflow.md`` and ``docs/permissions.md``, which a test compares with the code.
"""

import datetime as dt
import json
import shutil
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "mutation.md"
GOAL = 90


class Group(NamedTuple):
    package: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "workflow": Group(
        "requests", ("requests/workflow.py",), ("requests/test_workflow.py", "requests/test_relations.py")
    ),
    "permissions": Group(
        "requests", ("requests/permissions.py",), ("requests/test_relations.py", "requests/test_workflow.py")
    ),
    "steps": Group("requests", ("requests/services/transitions.py",), ("requests/test_transitions.py",)),
    "routing": Group("requests", ("requests/services/routing.py",), ("requests/test_routing_service.py",)),
    "engine": Group(
        "operators",
        ("operators/matching/*",),
        (
            "operators/test_matching.py",
            "operators/test_matching_tables.py",
            "operators/test_matching_limits.py",
            "operators/test_reasons.py",
            "operators/golden/test_golden.py",
        ),
    ),
}
#: Evaluated at import, before a mutant is chosen: no test can see them change, the pages drawn from them do.
AT_IMPORT = ("requests.workflow.x__rule__",)


def prepare(name: str, group: Group) -> Path:
    """A copy of the repository's files, with the settings of this group."""
    folder = ROOT / "var" / "mutation" / name
    shutil.rmtree(folder, ignore_errors=True)
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    for file in filter(None, files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, folder / file)
    tops = sorted({file.partition("/")[0] for file in files if file} - {group.package, "tests"})
    settings = {
        "source_paths": [group.package],
        "only_mutate": group.modules,
        "also_copy": tops,
        "pytest_add_cli_args_test_selection": [f"tests/{test}" for test in group.tests],
        "pytest_add_cli_args": ["-q", "-p", "no:randomly", "-p", "no:cacheprovider"],
    }
    lines = [f"{key}=\n" + "".join(f"    {value}\n" for value in values) for key, values in settings.items()]
    (folder / "setup.cfg").write_text("[mutmut]\n" + "".join(lines))
    return folder


def measure(name: str, group: Group) -> tuple[str, int]:
    """Its row of the report, and its share of mutants killed, in percent."""
    folder, mutmut = prepare(name, group), str(ROOT / ".venv" / "bin" / "mutmut")
    subprocess.run([mutmut, "run", "--max-children", "2"], cwd=folder, check=True)
    subprocess.run([mutmut, "export-cicd-stats"], cwd=folder, check=True)
    counted = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
    told = subprocess.run([mutmut, "results"], cwd=folder, check=True, capture_output=True, text=True).stdout
    left = [line.split(":")[0].strip() for line in told.splitlines() if line.strip()]
    alive = [mutant for mutant in left if not mutant.startswith(AT_IMPORT)]
    total = counted["total"] - (len(left) - len(alive))
    killed = total - len(alive)
    share = 100 * killed // total
    where = Counter(mutant.rpartition("__mutmut_")[0].rpartition(".")[2].removeprefix("x_") for mutant in alive)
    functions = ", ".join(f"`{function}` {count}" for function, count in where.most_common()) or "–"
    modules = ", ".join(f"`{module}`" for module in group.modules)
    return f"| {name} | {modules} | {total} | {killed} | {share} % | {functions} |", share


def main(names: list[str]) -> int:
    found = {name: measure(name, GROUPS[name]) for name in names or GROUPS}
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    rows = "\n".join(row for row, _ in found.values())
    page = f"""# Mutation testing

Written by `make mutation` on {dt.datetime.now(dt.UTC):%Y-%m-%d}, at
{head.stdout.strip()}, with mutmut {version("mutmut")}.
Goal: {GOAL} % of the mutants killed in each group, by its own tests alone (the rest of the suite is not asked).

| group | modules | mutants | killed | share | alive, by function |
|---|---|---|---|---|---|
{rows}

mutmut changes the bodies of functions. The tables of `requests/workflow.py` and `requests/permissions.py` are data read
at import: a test compares them, cell by cell, with [workflow.md](workflow.md) and [permissions.md](permissions.md); the
mutants of `_rule`, which builds the first, run before mutmut chooses one and are left out of the count.
"""
    if not names:
        REPORT.write_text(page)
    sys.stdout.write(page)
    return int(min(share for _, share in found.values()) < GOAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
