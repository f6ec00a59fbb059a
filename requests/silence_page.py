"""What the pages of silence show: lines by arrondissement, a map of dots, a sheet to export. No query here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from typing import Any

from django.http import FileResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.french import NBSP, day, number, plural
from common.tabular import respond
from operators.matching.evidence import FRAGILITY_FACTS, Evidence, Line
from operators.matching.reasons import evidence_sentence
from operators.matching.vocabulary import BodyKind
from requests.silence import Commune, Silence
from territories.dots import Dots

WITHOUT = "Sans arrondissement"


@dataclass(frozen=True, slots=True)
class Section:
    """The communes of an arrondissement; ``title`` is empty in a department that has none."""

    title: str
    rows: tuple[SafeString, ...]


def arrondissement_of(one: Commune) -> tuple[str, str]:
    """Its code and name, empty where there is none (Mayotte)."""
    area = one.body.arrondissement
    return (area.code, area.name) if area else ("", "")


def sections(silence: Silence, *, ticks: bool) -> list[Section]:
    """By arrondissement, then by name; a row of the table each, with a box to tick if asked. Written here and not in a
    template: a department has up to 890 of them."""
    fact = cache(partial(_fact, silence.letters))
    listed = {name for name, _, _ in silence.letters}  # one never loaded is said once, under the table

    def facts(one: Commune) -> SafeString:
        return SafeString("".join(fact(*_key(line)) for line in one.lines if line.args["fact"] in listed))

    page = reverse("territories:detail", args=["00000"])
    found = sorted(silence.found, key=lambda one: (arrondissement_of(one)[0] == "", arrondissement_of(one)[::-1]))
    named = any(one.body.arrondissement_id for one in silence.communes)
    return [
        Section(
            (f"Arrondissement{NBSP}: {name}" if name else WITHOUT) if named else "",
            tuple(_row(one, silence, facts, page, ticks) for one in rows),
        )
        for (_, name), rows in groupby(found, key=arrondissement_of)
    ]


_BOX = (
    '<div class="fr-checkbox-group fr-checkbox-group--sm"><input type="checkbox" name="commune" value="{0}" id="c-{0}">'
    '<label class="fr-label" for="c-{0}"><span class="fr-sr-only">Visiter {1}</span></label></div>'
)
_CELLS = (
    '<tr>{}<th scope="row"><a class="fr-link" href="{}">{}</a><br><span class="fr-text--sm">{}</span>{}</th>'
    '<td data-label="Faits"><ul>{}</ul></td><td data-label="Dernière demande">{}</td>'
    '<td data-label="Intercommunalité">{}</td></tr>'
)


def _row(one: Commune, silence: Silence, facts: Callable[[Commune], SafeString], page: str, ticks: bool) -> SafeString:
    body = one.body
    grouping = "Aucune intercommunalité"
    if one.epci:
        grouping = f"{one.epci}{NBSP}: aucune demande"
        if silence.grouping_filed(one) and one.epci_filed_on:
            grouping = f"{one.epci}{NBSP}: demande du {day(one.epci_filed_on)}"
    population = "population inconnue" if body.population is None else plural(body.population, "habitant")
    if body.population is not None and body.population_vintage:
        population = f"{population} ({body.population_vintage})"
    tick, badge = SafeString(""), SafeString("")
    if ticks:
        box = SafeString("") if one.planned else format_html(_BOX, body.code, body.name)
        tick = format_html('<td class="silence-tick silence-screen">{}</td>', box)
    if said := visit(one):
        badge = format_html('<br><span class="fr-badge fr-badge--sm fr-badge--no-icon">{}</span>', said)
    address = page.replace("00000", body.code)
    return format_html(_CELLS, tick, address, body.name, population, badge, facts(one), filed(one), grouping)


def filed(one: Commune) -> str:
    return day(one.filed_on) if one.filed_on else "jamais"


def visit(one: Commune) -> str:
    said = [f"visitée le {day(one.visited_on)}"] if one.visited_on else []
    return ", ".join([*said, "dans la liste des visites"] if one.planned else said).capitalize()


def sentence(line: Line) -> str:
    # only the colon lacks its space: typo() on each measure of 890 communes would take a tenth of a second
    return evidence_sentence(line.code, line.args, kind=BodyKind.COMMUNE).replace(" : ", f"{NBSP}: ")


def _key(line: Line) -> tuple[Any, ...]:
    return (line.args["fact"], line.args.get("value"), line.args.get("number"), line.holds, line.source, line.vintage)


def _fact(
    letters: Mapping[tuple[str, str, str], str],
    fact: str,
    value: Any,
    measure: Any,
    holds: bool | None,
    source: str,
    vintage: str,
) -> SafeString:
    """One that holds stands out."""
    code = Evidence.FACT if value is not None else Evidence.FACT_UNKNOWN
    text = sentence(Line(code, {"fact": fact, "value": value, "number": measure}, holds))
    letter = letters.get((fact, source, vintage))
    return format_html("<li>{}{}</li>", format_html("<strong>{}</strong>", text) if holds else text, _named(letter))


def _named(letter: str | None) -> str:
    return f" ({letter})" if letter else ""


# --- the sentence ----------------------------------------------------------------------------------------------------


def headline(silence: Silence) -> str:
    """« 87 communes sur 198 ont au moins un fait de fragilité connu et n’ont rien déposé depuis le… »."""
    count, whole = len(silence.found), len(silence.communes)
    since = day(silence.since)
    several = count > 1
    facts = "au moins un fait de fragilité connu"
    if silence.at_least > 1:
        facts = f"au moins {number(silence.at_least)} faits de fragilité connus"
    if not count:
        what = f" n’a {facts} en étant" if silence.at_least else " n’est"
        return f"Aucune commune, sur{NBSP}{number(whole)},{what} restée sans demande depuis le {since}."
    what = f"{'ont' if several else 'a'} {facts} et " if silence.at_least else ""
    nothing = f"{'n’ont' if several else 'n’a'} rien déposé depuis le {since}"
    return f"{plural(count, 'commune')} sur{NBSP}{number(whole)} {what}{nothing}."


def details(silence: Silence) -> list[str]:
    """What else is counted among them; nothing of nothing."""
    people = plural(silence.inhabitants, "habitant")
    found = []
    if silence.inhabitants:
        found.append(f"{'Elles comptent' if len(silence.found) > 1 else 'Elle compte'} {people}.")
    if silence.never:
        n = silence.never
        found.append(f"{number(n)} n’{'ont' if n > 1 else 'a'} jamais rien déposé sur le portail.")
    if silence.with_grouping:
        n = silence.with_grouping
        verb = "ont une intercommunalité qui a déposé" if n > 1 else "a une intercommunalité qui a déposé"
        found.append(f"{number(n)} {verb} entre-temps.")
    return found


def unsure(silence: Silence) -> str:
    n = silence.unsure
    if not n:
        return ""
    if n == 1:
        return f"1 autre commune n’a rien déposé et un fait n’y est pas connu{NBSP}: elle n’est ni comptée ni écartée."
    return (
        f"{number(n)} autres communes n’ont rien déposé et un fait n’y est pas connu{NBSP}: elles ne sont ni comptées "
        "ni écartées."
    )


# --- the map ---------------------------------------------------------------------------------------------------------

#: (class, words) of the dots, in the order in which they are drawn.
LAYERS: tuple[tuple[str, str], ...] = (
    ("other", "Autres communes"),
    ("silent", "Sans demande, avec les faits choisis"),
    ("visit", "De celles-ci, dans la liste des visites ou visitées depuis un an"),
)


def map_of(silence: Silence) -> dict[str, Any] | None:
    """Each commune a dot; None without any place."""
    places = {
        one.body.pk: (float(one.body.longitude), float(one.body.latitude))
        for one in silence.communes
        if one.body.latitude is not None and one.body.longitude is not None
    }
    if not places:
        return None
    dots = Dots(places)
    found = {one.body.pk for one in silence.found}
    layers: dict[str, list[int]] = {name: [] for name, _ in LAYERS}
    for one in silence.communes:
        if one.body.pk in places:
            visit = one.planned or one.visited_on
            layers["other" if one.body.pk not in found else "visit" if visit else "silent"].append(one.body.pk)
    missing = len(silence.communes) - len(places)
    return {**dots.drawing((name, words, layers[name]) for name, words in LAYERS), "missing": missing}


# --- the export ------------------------------------------------------------------------------------------------------


_OF_THE_COMMUNE = (
    "Arrondissement",
    "Code Insee",
    "Commune",
    "Population",
    "Millésime de la population",
    "Faits de fragilité",
)
_OF_ITS_SILENCE = (
    "Dernière demande",
    "Intercommunalité",
    "Dernière demande de l’intercommunalité",
    "Visite",
    "Visitée le",
)


def export(silence: Silence, name: str) -> FileResponse:
    """A line a commune. An empty cell: unknown, or never."""
    facts = [heading for fact in FRAGILITY_FACTS for heading in (fact.label, f"{fact.label}{NBSP}: source")]
    return respond("csv", name, [*_OF_THE_COMMUNE, *facts, *_OF_ITS_SILENCE], map(_cells, silence.found))


def _cells(one: Commune) -> list[Any]:
    body = one.body
    values: list[Any] = [arrondissement_of(one)[1], body.code, body.name]
    values += [body.population, body.population_vintage, one.holding]
    for line in one.lines:
        values.append(line.args.get("value", ""))
        values.append(", ".join(part for part in (line.source, line.vintage) if part))
    values += [one.filed_on, one.epci, one.epci_filed_on, "prévue" if one.planned else "", one.visited_on]
    return values


def arrondissements(communes: Sequence[Commune]) -> list[tuple[str, str]]:
    return sorted({arrondissement_of(one) for one in communes} - {("", "")}, key=lambda pair: pair[1])
