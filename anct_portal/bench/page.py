"""A measure as a JSON line, as a row of a table, and all of them as docs/bench.md."""

import dataclasses
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psutil

from common.bench import NOISE, Result

HEAD = ("measure", "measured", "goal", "", "median ms", "p95 ms", "floor ms", "CPU ms", "buffers", "how")
RULE = f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}"
#: Between two sizes: at most so much more processor, and so many more buffers.
CPU_GROWTH, BUFFER_GROWTH = 1.10, 3


def keep(result: Result, data: str, file: Path | None) -> None:
    """Adds one JSON line."""
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({**dataclasses.asdict(result), "data": data}, ensure_ascii=False) + "\n")


def kept(file: Path) -> list[tuple[str, Result]]:
    """What :func:`keep` wrote, with the data it was measured on."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        values = json.loads(line)
        found.append((values.pop("data"), Result(**values)))
    return found


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"


def verdict(result: Result) -> str:
    if result.is_met:
        return "met"
    if not result.value:
        return "**missed**"
    short = result.goal / result.value if result.at_least else result.value / (result.goal or 1)
    return f"**missed** ({short:.1f} times off)"


def row(result: Result) -> str:
    sign = "≥" if result.at_least else "≤"
    noise = f", noisy: the floor was {result.guard:.2f} times itself" if result.is_noisy and result.guard else ""
    how = "; ".join(part for part in (result.detail, result.floor_is) if part) + noise
    cells = (
        result.name,
        f"{_number(result.value)} {result.unit}",
        f"{sign} {_number(result.goal)}",
        verdict(result),
        *(_number(value) for value in (result.median, result.p95, result.floor, result.cpu, result.buffers)),
        how,
    )
    return f"| {' | '.join(cells)} |"


def growth(found: Sequence[tuple[str, Result]]) -> list[tuple[str, Result]]:
    """The same page on the smallest data and on the largest: processor, and buffers."""
    by_name: dict[str, list[tuple[str, Result]]] = {}
    for data, result in found:
        if result.cpu is not None and result.buffers is not None:
            by_name.setdefault(result.name, []).append((data, result))
    rows = []
    for name, sizes in by_name.items():
        (small, first), (large, last) = sizes[0], sizes[-1]
        if small != large and first.cpu and last.cpu:
            data = f"{small} → {large}"
            told = f"{first.cpu:.1f} → {last.cpu:.1f} ms of CPU"
            rows.append((data, Result(f"{name}: CPU", last.cpu / first.cpu, "×", CPU_GROWTH, detail=told)))
            more, told = (last.buffers or 0) - (first.buffers or 0), f"{first.buffers} → {last.buffers}"
            rows.append((data, Result(f"{name}: buffers more", more, "", BUFFER_GROWTH, detail=told)))
    return rows


def machine(folder: Path) -> dict[str, str]:
    """Where it was measured."""
    told = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in told if "model name" in line), platform.machine())
    disk = shutil.disk_usage(folder)
    return {
        "processor": f"{os.cpu_count()} cores, {model}",
        "memory": f"{psutil.virtual_memory().total / 1024**3:.0f} GiB",
        "disk": f"{disk.free / 1024**3:.0f} GiB free of {disk.total / 1024**3:.0f}, {_durable(folder):.2f} ms to make"
        " 8 kB durable (median)",
        "load": "before, over 1, 5 and 15 minutes: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _durable(folder: Path) -> float:
    spent = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            before = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 8192, 0)
            os.fsync(file.fileno())
            spent.append((time.perf_counter() - before) * 1000)
    return sorted(spent)[25]


ABOUT = f"""# Speed

Written by `make bench`: what it says was measured, by the command below, on the machine below. Each goal is the one of
the design; where a floor is named, ours and the floor (the same work with nothing around it) were run in turns, and the
medians are compared. The floor is also compared with itself: more than {NOISE:.0%} apart, the row says « noisy ».
CPU is what one of ours costs Python and its PostgreSQL session together; buffers are the pages of 8 kB that its
statements read.
"""


def document(found: Iterable[tuple[str, Result]], facts: dict[str, Any]) -> str:
    """docs/bench.md."""
    rows = list(found)
    grown = growth(rows)
    told = [f"- {name}: {value}" for name, value in {"date": time.strftime("%d/%m/%Y"), **facts}.items()]
    parts = [ABOUT, "\n".join(told)]
    for data in dict.fromkeys(data for data, _ in rows):
        parts.append(f"## {data}\n\n{RULE}\n" + "\n".join(row(result) for of, result in rows if of == data))
    if grown:
        parts.append("## Growth, the same page\n\n" + RULE + "\n" + "\n".join(row(result) for _, result in grown))
    missed = [
        f"- {data}, {result.name}: {_number(result.value)} {result.unit},"
        f" for at {'least' if result.at_least else 'most'} {_number(result.goal)}"
        for data, result in [*rows, *grown]
        if not result.is_met
    ]
    parts.append("## What falls short\n\n" + ("\n".join(missed) or "Nothing that was measured."))
    return "\n\n".join(parts) + "\n"
