"""Loading the members of a programme: the file is the whole list; it is compared, shown, then written in one
transaction.

Guaranteed: nothing is written when a line is bad (unless told to skip bad lines); loading the same list twice writes no
row; a member who left keeps his row, ended the day before; the exclusions of ACV, PVD and VA hold (PRACTICE 3.11), the
thresholds of selection are never applied to members.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from common.events import emit
from programmes.enums import MemberLevel
from programmes.models import Programme, ProgrammeMember
from programmes.services.members_file import Fault, MemberLine, read
from territories.enums import CollectivityKind
from territories.events import FactsLoaded
from territories.models import Collectivity, FormerCode

#: Kinds of body that a programme of each level may name: the real lists of groupings also name communes without one.
KINDS: dict[str, frozenset[str]] = {
    MemberLevel.COMMUNE: frozenset({CollectivityKind.COMMUNE, CollectivityKind.OVERSEAS}),
    MemberLevel.EPCI: frozenset({CollectivityKind.COMMUNE, CollectivityKind.EPCI, CollectivityKind.EPT}),
    MemberLevel.PLACE: frozenset({CollectivityKind.COMMUNE, CollectivityKind.OVERSEAS}),
}
#: Programmes that name each body once; the others may name it in several groups or places.
ONCE = frozenset({MemberLevel.COMMUNE})

_FIELDS = ("group_code", "group_label", "signed_on", "starts_on", "ends_on", "source", "illustrative")
_Key = tuple[int, str]


@dataclass(slots=True)
class Outcome:
    """What a load found, and what it wrote or would write."""

    programme: Programme
    lines: int = 0
    left_out: int = 0
    former_codes: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    added: list[ProgrammeMember] = field(default_factory=list)
    changed: list[ProgrammeMember] = field(default_factory=list)
    removed: list[ProgrammeMember] = field(default_factory=list)
    #: Illustrative rows, of this programme or of one it excludes, that a real list makes void.
    withdrawn: list[ProgrammeMember] = field(default_factory=list)
    written: bool = False


def load(
    programme: Programme, path: Path, *, on: dt.date, dry_run: bool = False, skip_invalid: bool = False
) -> Outcome:
    """Compares the list with what is held, and writes it unless told not to. Raises ``Invalid`` on an unreadable
    file."""
    content = read(path, programme)
    outcome = Outcome(programme, lines=len(content.lines), left_out=content.left_out, faults=content.faults)
    with transaction.atomic():
        # One load of a programme at a time: two lists compared with the same rows would both be written.
        list(Programme.objects.select_for_update().filter(pk=programme.pk))
        wanted = _wanted(programme, content.lines, path, outcome)
        wanted = _without_excluded(programme, wanted, on, outcome)
        outcome.faults.sort(key=lambda fault: fault.line)
        _compare(programme, wanted, on, outcome)
        if not dry_run and (skip_invalid or not outcome.faults):
            _write(outcome)
    return outcome


def _wanted(
    programme: Programme, lines: list[MemberLine], path: Path, outcome: Outcome
) -> dict[_Key, tuple[MemberLine, ProgrammeMember]]:
    bodies = _bodies(lines)
    once = programme.level in ONCE
    wanted: dict[_Key, tuple[MemberLine, ProgrammeMember]] = {}
    for line in lines:
        body = bodies.get(line.code) or bodies.get(line.siren)
        if body is None:
            reason = f"code {line.code or line.siren} inconnu ({line.name or 'sans nom'})."
            outcome.faults.append(Fault(line.line, reason))
            continue
        if body.kind not in KINDS[programme.level]:
            outcome.faults.append(Fault(line.line, f"{body.label} : {programme} ne nomme pas ce type de collectivité."))
            continue
        if body.is_municipal and line.department and line.department != body.department_id:
            reason = f"{body.label} n’est pas dans le département {line.department}."
            outcome.faults.append(Fault(line.line, reason))
            continue
        key = (body.pk, "" if once else line.group_code)
        if key in wanted:
            outcome.faults.append(Fault(line.line, f"{body.label} figure déjà à la ligne {wanted[key][0].line}."))
            continue
        if line.listed_code and body.insee_code and line.listed_code != body.insee_code:
            outcome.former_codes += 1
        wanted[key] = (
            line,
            ProgrammeMember(
                programme=programme,
                collectivity=body,
                group_code=line.group_code,
                group_label=line.group_label,
                signed_on=line.signed_on,
                starts_on=line.signed_on,
                source=line.source or path.name,
            ),
        )
    return wanted


def _bodies(lines: Iterable[MemberLine]) -> dict[str, Collectivity]:
    """Code or SIREN → the current body; a former commune code leads to today's commune."""
    codes = {line.code for line in lines if line.code}
    sirens = {line.siren for line in lines if line.siren}
    current = Collectivity.objects.current()
    bodies: dict[str, Collectivity] = {str(body.siren): body for body in current.filter(siren__in=sirens)}
    for former in FormerCode.objects.filter(code__in=codes).select_related("collectivity"):
        bodies[former.code] = former.collectivity
    for body in current.filter(Q(insee_code__in=codes) | Q(code__in=codes)):
        for code in {body.code, body.insee_code or body.code} & codes:
            bodies[code] = body
    return bodies


def _without_excluded(
    programme: Programme, wanted: dict[_Key, tuple[MemberLine, ProgrammeMember]], on: dt.date, outcome: Outcome
) -> dict[_Key, tuple[MemberLine, ProgrammeMember]]:
    """Drops, with a fault, those who belong to an excluded programme; an illustrative membership gives way instead."""
    if not programme.excludes:
        return wanted
    others = ProgrammeMember.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on),
        programme__in=programme.excludes,
        collectivity__in=[key[0] for key in wanted],
    ).select_related("programme", "collectivity")
    for other in others:
        if other.illustrative:
            outcome.withdrawn.append(other)
            continue
        for key in [key for key in wanted if key[0] == other.collectivity_id]:
            line, _ = wanted.pop(key)
            reason = f"{other.collectivity.label} est déjà membre de {other.programme} : les deux s’excluent."
            outcome.faults.append(Fault(line.line, reason))
    return wanted


def _compare(
    programme: Programme, wanted: dict[_Key, tuple[MemberLine, ProgrammeMember]], on: dt.date, outcome: Outcome
) -> None:
    once = programme.level in ONCE
    held = ProgrammeMember.objects.filter(programme=programme).select_related("collectivity").order_by("pk")
    left = dict(wanted)
    # Oldest first: of several rows of one body, the last one is the one in force.
    for row in reversed(list(held)):
        line = left.pop((row.collectivity_id, "" if once else row.group_code), None)
        if line is not None:
            values = {name: getattr(line[1], name) for name in _FIELDS}
            if any(getattr(row, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(row, name, value)
                outcome.changed.append(row)
            else:
                outcome.unchanged += 1
        elif row.illustrative:
            outcome.withdrawn.append(row)
        elif row.ends_on is None or row.ends_on >= on:
            last_day = max(on - dt.timedelta(days=1), row.starts_on or dt.date.min)
            if row.ends_on != last_day:
                row.ends_on = last_day
                outcome.removed.append(row)
    outcome.added = [member for _, member in left.values()]


def _write(outcome: Outcome) -> None:
    ProgrammeMember.objects.filter(pk__in=[row.pk for row in outcome.withdrawn]).delete()
    ProgrammeMember.objects.bulk_update(outcome.removed, ["ends_on"], batch_size=500)
    ProgrammeMember.objects.bulk_update(outcome.changed, _FIELDS, batch_size=500)
    ProgrammeMember.objects.bulk_create(outcome.added, batch_size=1000)
    outcome.written = True
    if outcome.withdrawn or outcome.removed or outcome.changed or outcome.added:
        emit(FactsLoaded())
