"""Rights over HTTP: every route × GET and POST × everybody, against ``matrix.txt``.

A route that the table does not know fails. What the statuses mean stands at the head of the table.
"""

from collections.abc import Iterator
from itertools import groupby

import pytest
from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from requests.models import SupportRequest
from tests.permissions.bodies import READ_FIRST, bodies
from tests.permissions.cast import ACTORS, Cast
from tests.permissions.conftest import Ask
from tests.permissions.table import Row, line, rows

pytestmark = pytest.mark.django_db

#: Left out: Django's own administration; the catch-all of the API; what only DEBUG serves; what probes read.
EXCLUDED = ("admin:", "api:None", "notifications:", "pages:accounts", "health:")
ROWS = rows()
BY_ROUTE = {key: list(found) for key, found in groupby(ROWS, key=lambda row: row.key)}


def patterns(found: list[URLPattern | URLResolver], prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for one in found:
        if isinstance(one, URLPattern):
            yield f"{space}{one.name}", prefix + str(one.pattern)
        else:
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from patterns(one.url_patterns, prefix + str(one.pattern), inner)


def served() -> set[tuple[str, str]]:
    found = patterns(get_resolver().url_patterns)
    return {(name, route.replace("^", "")) for name, route in found if not name.startswith(EXCLUDED)}


def outcome(response: HttpResponseBase) -> str:
    if response.status_code == 302 and response["Location"].startswith("/connexion/"):
        return "in"
    return str(response.status_code)


def test_every_route_stands_in_the_table(cast: Cast) -> None:
    """By method: a route is named by its address, so that two addresses of one name are two rows."""
    for method in ("GET", "POST"):
        known = set()
        for row in ROWS:
            if row.method == method:
                match = resolve(reverse(row.route, kwargs=row.arguments(cast)))
                known.add((match.view_name, match.route.replace("^", "")))
        missing = served() - known
        assert not missing, f"{method}: no row of matrix.txt for {sorted(missing)}"


def test_the_table_is_whole() -> None:
    assert all(len(row.expected) == len(ACTORS) for row in ROWS)
    assert len({(row.key, row.method) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("key", BY_ROUTE, ids=lambda key: f"{key[0]} {key[1]}")
def test_each_is_answered_what_the_table_says(key: tuple[str, str], cast: Cast, ask: Ask) -> None:
    wrong = []
    for row in BY_ROUTE[key]:
        observed = tuple(outcome(answer(row, who, cast, ask)) for who in ACTORS)
        if observed != row.expected:
            wrong += [line(row, row.expected), line(row, observed) + "   <- observed"]
        wrong += [f"{row.route}: {who} is shown the page by an empty form" for who in shown(row, cast, ask)]
    assert not wrong, "\n" + "\n".join(wrong)


def shown(row: Row, cast: Cast, ask: Ask) -> list[str]:
    """Those whose act it is not are refused whatever they post: a form sent back would show its page.

    The API and the conversations send no page back, and may name the missing fields first. Whoever is given the page by
    GET has it anyway.
    """
    address = reverse(row.route, kwargs=row.arguments(cast))
    allowed = {403, 400, 422} if row.route.startswith(("api:", "requests:message", "requests:attach")) else {403}
    refused = [who for who, status in zip(ACTORS, row.expected, strict=True) if status == "403"]
    return [
        who
        for who in refused
        if row.method == "POST"
        and ask(who, "POST", address).status_code not in allowed
        and ask(who, "GET", address).status_code != 200
    ]


def answer(row: Row, who: str, cast: Cast, ask: Ask) -> HttpResponseBase:
    arguments = row.arguments(cast)
    body = bodies(cast.keys, cast.references).get(row.route)
    body = body() if callable(body) else body
    if row.method == "POST" and row.route in READ_FIRST:
        body |= {"seen": READ_FIRST[row.route](SupportRequest.objects.get(reference=arguments["reference"]))}
    return ask(who, row.method, reverse(row.route, kwargs=arguments), body)
