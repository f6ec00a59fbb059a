"""Non-interference: what somebody may not see changes nothing that he is answered.

Two worlds: the cast's, and the same with three hundred files, their notes, threads and papers, outside a person's
perimeter. Every address of the matrix, and every way to search, filter, order, page and complete, answers the same
bytes in both. And a hidden file is refused in the words in which one that never was is.
"""

import io
import itertools
import re
import zipfile
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import reverse

from tests.permissions.cast import ACTORS, Cast
from tests.permissions.conftest import Ask
from tests.permissions.table import Row, rows
from tests.permissions.worlds import SCENES, SECRET, SECRETS, grow_in_secret

pytestmark = pytest.mark.django_db

OUTSIDERS = {
    "far": ("anon", "offi", "secr", "epci", "prov", "inst", "subp", "depu", "dele", "suiv", "cmt", "anct", "dg", "oper",
            "clct", "admi", "OFFI", "INST", "PROV", "OPER"),
    # whoever has the whole department is inside; the committee is informed of its titles
    "near": ("anon", "offi", "secr", "epci", "prov", "subp", "suiv", "anct", "dg", "oper", "admi", "OFFI", "INST",
             "PROV", "OPER"),
}  # fmt: skip

#: Ways to ask a list for more than its first page: route → query strings.
ASKED: dict[str, tuple[str, ...]] = {
    "requests:desk": (
        "?etat=toutes", "?etat=terminees", "?etat=qualification", "?page=2", "?etat=toutes&page=3", "?q=hermine",
        "?q=halle", "?q=toit&etat=toutes", "?q=2026-29-90", "?q=2026-04-90001", "?q=Brest", "?q=Digne", "?q=Quimper",
        "?vue=a-moi", "?vue=a-lire", "?vue=en-retard", "?vue=prestataire", "?vue=a-signer", "?vue=inconnue",
        "?theme=CUL", "?sujet=patrimoine&etat=toutes", "?arrondissement=041", "?arrondissement=291", "?attente=moi",
        "?attente=desk", "?canal=web", "?masquees=oui", "?ordre=recentes", "?ordre=anciennes", "?ordre=collectivite",
        "?ordre=echeance", "?interlocuteur=personne",
    ),
    "requests:list": ("?page=2",),
    "requests:national": ("?vue=terminees", "?vue=complements", "?vue=accompagnements", "?page=2"),
    "requests:detail": ("?messages=tous",),
    "territories:detail": ("?page=2",),
    "territories:complete": ("?q=bre", "?q=digne&format=html", "?q=quim&limit=3", "?q=herm"),
    "operators:offers": ("?commune=04070", "?commune=29019", "?commune=04134"),
    "programmes:detail": ("?page=2",),
    "committees:detail": ("?demandes=2",),
    "accounts:mandates": ("?departement=29",),
    "accounts:acts": ("?departement=29",),
    "api:support-request-list": (
        "?page_size=2", "?state=submitted", "?state=closed&state=qualification", "?department=29", "?department=04",
        "?collectivity=29019", "?collectivity=04070", "?subject=patrimoine", "?holder=desk", "?outcome=local",
        "?channel=web", "?submitted_after=2026-11-23T00:00:00Z", "?submitted_before=2026-11-10T00:00:00Z",
        "?page_size=2&state=rien", "?cursor=rien",
    ),
    "api:offer-list": ("?page_size=2",),
    "api:provider-list": ("?page_size=2",),
    "api:collectivity-list": ("?page_size=2",),
}  # fmt: skip

#: Addresses of places that hold secret files, beside those of the table.
MORE = ("/territoires/29/", "/territoires/29019/", "/territoires/04070/", "/territoires/REG-53/", "/clct/29/",
        "/guichet/vue/a-lire/", "/api/v1/collectivities/29019/", "/operateurs/", "/sollicitations/")  # fmt: skip

#: What is told of all files, secret ones included: figures, and the titles that a committee is told. Address → where on
#: its page, and why.
PUBLISHED: dict[str, tuple[re.Pattern[bytes], str]] = {
    "/": (re.compile("(?s)<ul><li>Réponses données.*?</ul>".encode()), "figures of the nation (PRACTICE 3.7)"),
    "/statistiques/": (re.compile(b"(?s)<main.*</main>"), "figures of the nation and of each department"),
    "/clct/04/": (re.compile(b"(?s)<main.*</main>"), "titles told to whoever reads a committee's page (ADR 8)"),
    "/demandes/2026-": (
        re.compile("(?:En général, une aide commence au bout|Pas encore assez de demandes pour) [^<]*".encode()),
        "the median delay of a department, told to whoever waits there (SCREENS 0)",
    ),
}

#: What differs from one answer to the next for no reason of ours: pieces of bytes, each by what stands around it.
TOKENS = re.compile(
    rb'(?<=name="csrfmiddlewaretoken" value=")[^"]+'  # drawn at each page
    rb'|(?<=name="key" value=")[0-9a-f-]{36}'  # key of a form sent once
    rb'|(?<=="/demandes/nouvelle/)[0-9a-f-]{36}(?=/)'  # a draft not begun
)


def addresses(who: str, cast: Cast) -> Iterator[str]:
    """Those that answer this person by a page or by a refusal in words, then every way to ask the lists he has."""
    for row in rows():
        expected = row.expected[ACTORS.index(who)]
        if row.method == "GET" and expected in {"200", "403", "409"}:
            address = reverse(row.route, kwargs=row.arguments(cast))
            yield address
            if expected == "200":
                yield from (address + asked for asked in ASKED.get(row.route, ()))
    yield from MORE


def body_of(response: HttpResponseBase) -> bytes:
    body: bytes = response.getvalue() if response.streaming else response.content  # type: ignore[attr-defined]
    if "spreadsheetml" not in response.get("Content-Type", ""):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as book:  # what it holds, not the minute at which it was made
        return b"".join(book.read(name) for name in book.namelist() if name != "docProps/core.xml")


def answer(who: str, address: str, ask: Ask) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and bytes, less what is drawn by lot."""
    response = ask(who, "GET", address)
    headers = sorted((name, value) for name, value in response.items() if name != "Content-Length")
    body = TOKENS.sub(b"...", body_of(response))
    for published, (figures, _) in PUBLISHED.items():
        if address.partition("?")[0] == published or (published.endswith("-") and address.startswith(published)):
            body = figures.sub(b"...", body)
    return response.status_code, headers, body


def through(who: str, cast: Cast, ask: Ask) -> dict[str, tuple[int, list[tuple[str, str]], bytes]]:
    """Every answer; a list of the API is followed by its cursors to its end."""
    found = {}
    for address in dict.fromkeys(addresses(who, cast)):
        while address not in found:
            found[address] = answer(who, address, ask)
            following = re.search(rb'"next": ?"https?://[^/"]+([^"]+)"', found[address][2])
            if following and "support-requests" in address:
                address = following.group(1).decode()
    return found


@pytest.mark.parametrize("who", OUTSIDERS["far"])
def test_what_one_may_not_see_changes_nothing(who: str, cast: Cast, ask: Ask) -> None:
    before = through(who, cast, ask)
    for place in (place for place, people in OUTSIDERS.items() if who in people):
        with transaction.atomic():
            assert len(grow_in_secret(cast, place)) == SECRETS
            after = through(who, cast, ask)
            transaction.set_rollback(True)
        changed = [difference(address, before[address], after.get(address)) for address in before]
        assert not any(changed), f"{place}:\n" + "\n".join(filter(None, changed))
        assert after.keys() == before.keys()


def difference(address: str, one: tuple[int, object, bytes], other: tuple[int, object, bytes] | None) -> str:
    if one == other:
        return ""
    if other is None:
        return f"{address}: no longer reached"
    place = next((n for n, (a, b) in enumerate(zip(one[2], other[2], strict=False)) if a != b), 0)
    around = slice(max(0, place - 80), place + 80)
    if one[:2] != other[:2]:
        return f"{address}: {one[:2]} / {other[:2]}"
    return f"{address}:\n  {one[2][around].decode(errors='replace')}\n  {other[2][around].decode(errors='replace')}"


def test_whoever_is_inside_sees_them(cast: Cast, ask: Ask) -> None:
    """The worlds do differ: the desk and the liaison officer of the department are answered something else."""
    for who in ("inst", "dele", "cmt"):
        address = reverse("requests:desk") + "?etat=toutes&q=hermine"
        assert answer(who, address, ask)[2].count(SECRET.encode()) < 10
    with transaction.atomic():
        grow_in_secret(cast, "near")
        for who in ("inst", "dele", "cmt"):
            assert answer(who, reverse("requests:desk") + "?etat=toutes&q=hermine", ask)[2].count(SECRET.encode()) > 20
        transaction.set_rollback(True)


@pytest.mark.parametrize("who", ["offi", "prov", "subp", "anct", "oper", "admi", "INST"])
def test_a_hidden_file_is_refused_as_one_that_never_was(who: str, cast: Cast, ask: Ask) -> None:
    """The same status, headers and words, at every address that carries a reference, whatever the method; states of
    the hidden file turn."""
    with transaction.atomic():
        hidden = itertools.cycle(grow_in_secret(cast, "near")[:: SECRETS // len(SCENES)])
        for row, one in zip([row for row in rows() if "reference" in row.arguments(cast)], hidden, strict=False):
            refused = _without(one.reference, row, who, cast, ask)
            never = _without("2026-04-99999", row, who, cast, ask)
            assert refused == never, f"{row.route} {row.method} {one.state}: {refused} / {never}"
        transaction.set_rollback(True)


def _without(reference: str, row: Row, who: str, cast: Cast, ask: Ask) -> tuple[int, list[tuple[str, str]], bytes]:
    response = ask(who, row.method, reverse(row.route, kwargs=row.arguments(cast) | {"reference": reference}))
    headers = sorted((name, value.replace(reference, "")) for name, value in response.items())
    body = TOKENS.sub(b"...", body_of(response)).replace(reference.encode(), b"")
    return response.status_code, [one for one in headers if one[0] != "Content-Length"], body
