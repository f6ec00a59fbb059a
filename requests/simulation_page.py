"""What the pages of simulations say: settings in words, totals as lines, rows with their names. No query but names'."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.french import day, joined, number, percent, plural, share
from operators.enums import OfferStatus, ProviderKind, Theme
from operators.matching.criteria import BY_KEY
from operators.matching.engine import FAMILY_ORDER
from operators.models import Offer, Provider
from operators.places import text_of
from requests.enums import Shift
from requests.models import SimulatedRequest, Simulation
from requests.scenario import AS_IS, FinancingScenario, OfferChange, RoutingScenario, from_json
from territories.enums import CollectivityKind
from territories.models import Department

NOTHING = "Aucune offre repérée"
ROUTES: Mapping[int | None, str] = {None: NOTHING, **{place: f.label for place, f in enumerate(FAMILY_ORDER)}}
STATUSES = {OfferStatus.DRAFT.value: "les brouillons", OfferStatus.IN_REVIEW.value: "les offres en relecture"}
MEMBERSHIPS = {"required": "adhésion requise", "none": "adhésion non requise"}


def state(simulation: Simulation) -> tuple[str, str]:
    """Its state in a word, and the badge of the design system."""
    if simulation.failed_at:
        return "Abandonnée après plusieurs essais", "error"
    if simulation.is_cancelled:
        return ("Annulation en cours", "info") if simulation.is_running else ("Annulée", "warning")
    if simulation.ended_at:
        return "Terminée", "success"
    return ("En cours", "info") if simulation.started_at else ("En attente", "info")


def offer_labels(codes: Collection[str]) -> dict[str, str]:
    """Code of an offer → its title and who offers it. One query."""
    found = Offer.objects.filter(code__in=codes).values_list("code", "title", "provider__short_name", "provider__name")
    return {code: f"{title} – {short or name}" for code, title, short, name in found}


def provider_names(codes: Collection[str]) -> dict[str, str]:
    """Code of a provider → its name. One query."""
    return dict(Provider.objects.filter(code__in=codes).values_list("code", "name"))


# --- settings --------------------------------------------------------------------------------------------------------


def settings_of(simulation: Simulation) -> list[tuple[str, str]]:
    """Each setting that was typed, in words. Three queries at most."""
    known = from_json(simulation.kind, simulation.parameters)
    where = [one.label for one in Department.objects.filter(code__in=known.departments).order_by("code")]
    what = "Demandes déposées" if isinstance(known, RoutingScenario) else "Demandes transmises à l’Agence"
    found = [(what, f"du {day(known.start)} au {day(known.end)}"), ("Territoire", joined(where) or "toute la France")]
    return found + (_routing(known) if isinstance(known, RoutingScenario) else _financing(known))


def _routing(known: RoutingScenario) -> list[tuple[str, str]]:
    changed = {change.code for change in known.changes}
    names = offer_labels({*known.without_offers, *known.with_offers, *changed})
    providers = provider_names(known.without_providers)
    found = [
        ("Sans les prestataires de nature", joined([ProviderKind(kind).label for kind in known.without_kinds])),
        ("Sans les prestataires", joined([providers.get(code, code) for code in known.without_providers])),
        ("Sans les offres", joined([names.get(code, code) for code in known.without_offers])),
        ("Avec", joined([STATUSES[status] for status in known.with_statuses])),
        ("Avec, comme publiées", joined([names.get(code, code) for code in known.with_offers])),
        *(("Offre modifiée", f"{names.get(one.code, one.code)} : {_change(one)}") for one in known.changes),
        (
            "Règles appliquées",
            "au jour du dépôt de chaque demande" if known.judged_on == "filing" else "à la date du calcul",
        ),
    ]
    return [(term, words) for term, words in found if words]


def _change(change: OfferChange) -> str:
    words = []
    if change.change_population:
        low, high = change.population_min, change.population_max
        bounds = [f"à partir de {number(low)}" if low is not None else "", f"jusqu’à {number(high)}" if high else ""]
        told = " ".join(bound for bound in bounds if bound)
        words.append(f"population {told} habitants" if told else "sans condition de population")
    if change.membership != AS_IS:
        words.append(MEMBERSHIPS[change.membership])
    if change.coverage:
        words.append("couvre " + ", ".join(text_of([line]) for line in change.areas))
    return joined(words)


def _financing(known: FinancingScenario) -> list[tuple[str, str]]:
    def told(name: str) -> str:
        words = []
        for band in known.bands(name):
            part = "au cas par cas" if band.share is None else f"{number(band.share)} %"
            words.append(
                f"moins de {number(band.below)} habitants : {part}" if band.below is not None else f"sinon : {part}"
            )
        return ", ".join(words)

    other = "au cas par cas" if known.other_share is None else f"{number(known.other_share)} %"
    return [("Communes", told("commune")), ("Intercommunalités", told("grouping")), ("Autres collectivités", other)]


# --- routing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """Requests of a department, of a theme or of all: the local rate before and after, and how many change."""

    label: str
    key: str
    requests: int
    local_before: int
    local_after: int
    changed: int
    rerouted: int

    @property
    def before(self) -> str:
        return share(self.local_before, self.requests, "demande")

    @property
    def after(self) -> str:
        return share(self.local_after, self.requests, "demande")

    @property
    def rate_before(self) -> str:
        return percent(self.local_before / self.requests) if self.requests else "–"

    @property
    def rate_after(self) -> str:
        return percent(self.local_after / self.requests) if self.requests else "–"


def line(row: Mapping[str, Any], label: str) -> Line:
    counts = {name: row[name] for name in ("requests", "local_before", "local_after", "changed", "rerouted")}
    return Line(label=label, key=row.get("key", ""), **counts)


def totals(simulation: Simulation) -> dict[str, Any]:
    """What the page of a finished routing shows above its list. One query."""
    summary = simulation.summary
    departments = {one.code: one.label for one in Department.objects.all()}
    themes = {theme.value: theme.label for theme in Theme}
    total = summary["all"]
    return {
        "total": line(total, "Ensemble"),
        "kept": total,
        "kept_rate": share(total["kept_local"], total["kept"], "demande") if total["kept"] else "",
        "themes": [line(row, themes.get(row["key"], "Thème non précisé")) for row in summary["themes"]],
        "departments": [line(row, departments.get(row["key"], row["key"])) for row in summary["departments"]],
        "shifts": [(Shift(row["key"]).label, row["requests"]) for row in summary["shifts"]],
        "routes": [
            (ROUTES[row["before"]], ROUTES[row["after"]], row["requests"])
            for row in summary["routes"]
            if row["before"] != row["after"]
        ],
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """One request of the list. ``reference`` is empty for a file that the reader may not see."""

    reference: str
    department: str
    theme: str
    before: str
    before_offers: Sequence[str]
    after: str
    after_offers: Sequence[str]
    reason: str


def shown(rows: Iterable[SimulatedRequest], visible: Any) -> list[Shown]:
    """The rows with the names of their offers; ``visible``: the requests that the reader sees. Three queries."""
    rows = list(rows)
    codes = {code for row in rows for code in (*row.before_offers, *row.after_offers, row.shift_offer) if code}
    titles = offer_labels(codes)
    keys = [row.support_request_id for row in rows]
    references = dict(visible.filter(pk__in=keys).order_by().values_list("pk", "reference"))
    themes = {theme.value: theme.label for theme in Theme}
    departments = {one.code: one.label for one in Department.objects.filter(code__in={r.department_id for r in rows})}
    return [
        Shown(
            reference=references.get(row.support_request_id, ""),
            department=departments.get(row.department_id, row.department_id),
            theme=themes.get(row.theme, "non précisé"),
            before=ROUTES[row.before],
            before_offers=[titles.get(code, code) for code in row.before_offers],
            after=ROUTES[row.after],
            after_offers=[titles.get(code, code) for code in row.after_offers],
            reason=reason(row.shift, titles.get(row.shift_offer, row.shift_offer), row.shift_criterion),
        )
        for row in rows
    ]


def reason(shift: str, offer: str, criterion: str) -> str:
    """Why a request changes, in a sentence; empty when it does not."""
    if not shift:
        return ""
    key = BY_KEY[criterion].label.lower() if criterion else ""
    return {
        Shift.REMOVED.value: f"« {offer} » n’est plus au catalogue.",
        Shift.LOST.value: f"« {offer} » n’est plus ouverte à cette demande : {key}.",
        Shift.ADDED.value: f"« {offer} » entre au catalogue.",
        Shift.GAINED.value: f"« {offer} » devient ouverte à cette demande : {key}.",
        Shift.RANKED.value: f"« {offer} » passe devant.",
    }[shift]


# --- financing -------------------------------------------------------------------------------------------------------

_KINDS = {CollectivityKind.COMMUNE.value: "communes", CollectivityKind.EPCI.value: "intercommunalités"}


def gains(simulation: Simulation) -> dict[str, Any]:
    """Bodies gained and lost, in all and by department, and what the referrals would cost. One query."""
    summary = simulation.summary
    labels = {one.code: one.label for one in Department.objects.all()}
    found: dict[str, dict[str, int]] = {}
    total: dict[str, int] = {}
    for row in summary["bodies"]:
        name = f"{row['kind']}_{'gained' if row['gained'] else 'lost'}"
        for counts in (found.setdefault(row["key"], {}), total):
            counts[name] = counts.get(name, 0) + row["bodies"]
            counts[f"{name}_people"] = counts.get(f"{name}_people", 0) + row["inhabitants"]
    names = [f"{kind}_{way}" for kind in _KINDS for way in ("gained", "lost")]
    people = [f"{name}_people" for name in names]
    empty = dict.fromkeys((*names, *people), 0)
    costs = [{**row, "label": labels.get(row["key"], row["key"])} for row in summary["costs"]]
    sums = {name: sum(row[name] for row in costs) for name in _COSTS}
    return {
        "gained": {**empty, **total},
        "gains": [
            {"key": key, "label": labels.get(key, key), **empty, **counts} for key, counts in sorted(found.items())
        ],
        "known": [{**row, "label": _KINDS[row["kind"]]} for row in summary["known"]],
        "before": summary["before"],
        "costs": costs,
        "cost": sums,
        "costs_base": cost_base(sums),
    }


_COSTS = ("requests", "known", "counted", "cost", "before", "after")


def cost_base(sums: Mapping[str, Any]) -> str:
    """On what the amounts rest: nothing is invented where a cost or a share is not known."""
    asked = plural(sums["requests"], "demande transmise", "demandes transmises")
    if not sums["counted"]:
        return f"{asked} dans la période : aucune n’a à la fois un coût et une part connus. Aucun montant n’est estimé."
    without = sums["requests"] - sums["known"]
    unshared = sums["known"] - sums["counted"]
    return (
        f"Les montants reposent sur {plural(sums['counted'], 'demande')} parmi {asked} dans la période. "
        f"Laissées de côté : {number(without)} sans coût connu, {number(unshared)} dont la part se décide au cas "
        "par cas."
    )
