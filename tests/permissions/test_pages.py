"""What every page of the matrix owes to whoever is shown it: few statements, sound marks, well-written French."""

import re
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.urls import reverse
from lxml import html

from accounts.models import Mandate, SignatureAct, User
from requests.models import Delegation, Solicitation, SupportRequest
from tests.permissions.cast import ACTORS, Cast
from tests.permissions.conftest import Ask
from tests.permissions.table import Row, rows
from tests.requests.counting import multiply, statements, twins

pytestmark = pytest.mark.django_db

#: Statements of a page (DESIGN 5): fifteen, and eight for a list.
BUDGET, LIST_BUDGET = 15, 8
LISTS = frozenset(
    {
        "requests:desk",
        "requests:list",
        "requests:national",
        "requests:operators",
        "requests:solicitations",
        "operators:offers",
        "programmes:list",
        "territories:index",
        "committees:list",
        "accounts:mandates",
        "accounts:acts",
    }
)
PAGES = [row for row in rows() if row.method == "GET" and "200" in row.expected]

NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
#: What French typography refuses (SCREENS 0), and what shows it.
TYPOGRAPHY = {
    "straight apostrophe": re.compile(r"[a-zàâçéèêëîïôûœ]'[a-zàâçéèêëîïôûœ]", re.IGNORECASE),
    "straight quotes": re.compile(r'"\w[^"]*\w"'),
    "breaking space inside guillemets": re.compile(r"« | »"),
    "no space inside guillemets": re.compile(r"«\w|\w»"),
    "breaking space before a colon": re.compile(r"\w :(?!\w)"),
    "breaking space before ; ! ?": re.compile(r"\w [;!?](?!\w)"),
    "breaking space before a unit": re.compile(r"\d (?:%|€|M€|hab\.|h \d)"),
    "three dots": re.compile(r"\w\.\.\."),
    "sigle without accent": re.compile(r"\b(?:Etat|Ecole|Etape|Etude|Eglise)\b"),
}
#: Words never shown (SCREENS 0).
WORDS = re.compile(
    r"\b(?:oups|félicitations|n’hésitez pas|merci de|cliquez|escalade|ticket|workflow|matching|dispatch|demandeur|"
    r"usagers?|irrecevable|fiche projet|ko)\b|·e\b|·es\b",
    re.IGNORECASE,
)
#: Names of others, written as they write them.
NAMES = re.compile(r"connecté·e·s|\"Sources de lumière\"|https?://\S+")


def shown_to(row: Row) -> Iterator[str]:
    """Those who are shown it, at most one of each kind: what differs by role differs by what each may do."""
    yield from [who for who, status in zip(ACTORS, row.expected, strict=True) if status == "200"][:6]


@pytest.mark.parametrize("row", PAGES, ids=lambda row: f"{row.route} {row.object}")
def test_a_page_costs_few_statements(row: Row, cast: Cast, ask: Ask) -> None:
    address = reverse(row.route, kwargs=row.arguments(cast))
    budget = LIST_BUDGET if row.route in LISTS or row.route.endswith("-list") else BUDGET
    for who in shown_to(row):
        with statements() as sql:
            response = ask(who, "GET", address)
        assert response.status_code == 200
        assert len(sql) <= budget, f"{who}: {len(sql)} statements\n" + "\n".join(sql)


#: List → whose; each holds rows that :func:`grow` adds to.
GROWING = {
    "requests:desk": "inst",
    "requests:list": "offi",
    "requests:national": "anct",
    "requests:operators": "oper",
    "requests:solicitations": "prov",
    "accounts:mandates": "dele",
    "accounts:acts": "dele",
    "api:support-request-list": "inst",
}


def grow(cast: Cast, number: int) -> None:
    """So many more rows in each of these lists."""
    for scene in ("submitted", "referred"):
        multiply(SupportRequest.objects.get(reference=cast.references[scene]), number)
    asked = Solicitation.objects.get(uuid=cast.keys["solicitation"])
    files = multiply(asked.support_request, number)
    twins(asked, number, support_request=lambda rank: files[rank], decision=lambda rank: None)
    delegation = Delegation.objects.get(uuid=cast.keys["delegation"])
    files = multiply(delegation.support_request, number)
    twins(delegation, number, support_request=lambda rank: files[rank])
    people = [
        User.objects.create_user(f"twin-{User.objects.count()}-{rank}@demo.example", last_name="Jumeau")
        for rank in range(number)
    ]
    claim = Mandate.objects.get(uuid=cast.keys["claim"])
    twins(claim, number, user=lambda rank: people[rank])
    act = SignatureAct.objects.get(uuid=cast.keys["act"])
    known = SignatureAct.objects.count()
    twins(act, number, number=lambda rank: f"2026-{known + rank}", scan=lambda rank: None)


def test_a_page_costs_the_same_for_one_ten_and_a_hundred_rows(cast: Cast, ask: Ask) -> None:
    """Every page, by whoever is first shown it, and each growing list by whoever holds its rows."""
    pages = [(row.route, reverse(row.route, kwargs=row.arguments(cast)), next(shown_to(row))) for row in PAGES]
    pages += [(route, reverse(route), who) for route, who in GROWING.items()]
    costs: dict[tuple[str, str, str], list[int]] = {page: [] for page in pages}
    sizes: dict[str, set[int]] = {route: set() for route in GROWING}
    with transaction.atomic():
        for added in (0, 10, 90):
            grow(cast, added)
            for page in costs:
                route, address, who = page
                with statements() as sql:
                    response = ask(who, "GET", address)
                costs[page].append(len(sql))
                if GROWING.get(route) == who:
                    sizes[route].add(len(response.content))
        transaction.set_rollback(True)
    assert not {page: found for page, found in costs.items() if len(set(found)) > 1}
    assert all(len(found) > 1 for found in sizes.values()), sizes  # the rows were shown


@pytest.mark.parametrize(
    "row", [row for row in PAGES if not row.route.startswith("api:")], ids=lambda row: f"{row.route} {row.object}"
)
def test_a_page_is_well_formed_and_well_written(row: Row, cast: Cast, ask: Ask) -> None:
    for who in shown_to(row):
        response = ask(who, "GET", reverse(row.route, kwargs=row.arguments(cast)))
        if not response["Content-Type"].startswith("text/html"):
            continue
        page = html.document_fromstring(response.content.decode())
        wrong = [*faults_of_marks(page), *faults_of_words(page)]
        assert not wrong, f"{who}:\n" + "\n".join(wrong)


def faults_of_marks(page: html.HtmlElement) -> Iterator[str]:
    whole = page.find("head/title") is not None  # a fragment is judged with the page that holds it
    identifiers = page.xpath("//@id")
    for twice in {one for one in identifiers if identifiers.count(one) > 1}:
        yield f"id twice: {twice}"
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for value in page.xpath(f"//@{attribute}"):
            for target in value.split():
                if whole and target not in identifiers:
                    yield f"{attribute} leads nowhere: {target}"
    if whole and len(page.xpath("//h1")) != 1:
        yield f"h1: {len(page.xpath('//h1'))}"
    if whole and page.get("lang") != "fr":
        yield "no language"
    for field in page.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        named = field.get("aria-label") or field.get("aria-labelledby") or field.xpath("ancestor::label")
        if not named and not page.xpath("//label[@for=$key]", key=field.get("id", "")):
            yield f"field without a label: {field.get('name')}"
    for form in page.xpath("//form[translate(@method, 'POST', 'post')='post']"):
        if not form.xpath(".//input[@name='csrfmiddlewaretoken']"):
            yield f"form without its token: {form.get('action')}"


def faults_of_words(page: html.HtmlElement) -> Iterator[str]:
    for text in page.xpath(
        "//body//text()[not(ancestor::script or ancestor::style or ancestor::code or ancestor::pre)]"
    ):
        read = NAMES.sub("", re.sub(r"[ \t\n]+", " ", str(text)))
        for name, pattern in TYPOGRAPHY.items():
            if found := pattern.search(read):
                yield f"{name}: {read[max(0, found.start() - 30) : found.end() + 30]!r}"
        if found := WORDS.search(read):
            yield f"never said: {found.group()!r} in {read.strip()[:80]!r}"
