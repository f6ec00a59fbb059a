"""The policy of contents and the other headers of security, on every response: pages, refusals, errors, static files,
redirections, the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from anct_portal.urls import handler400, handler403, handler404, handler500, urlpatterns
from tests.permissions.cast import ACTORS, Cast
from tests.permissions.conftest import Ask
from tests.permissions.table import rows

pytestmark = pytest.mark.django_db

WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: What a page needs, each of its own origin; pictures also as data.
OWN = {"script-src", "style-src", "img-src", "font-src", "connect-src", "form-action", "manifest-src"}


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a defect of ours")


class urls:  # noqa: N801  (stands for a module)
    urlpatterns = [*urlpatterns, path("casse/", broken)]
    handler400, handler403, handler404, handler500 = handler400, handler403, handler404, handler500


def policy_of(response: Any) -> dict[str, set[str]]:
    directives = (part.split() for part in response.get("Content-Security-Policy", "").split(";") if part.strip())
    return {name: set(values) for name, *values in directives}


def faults(response: Any) -> Iterator[str]:
    for name, value in WANTED.items():
        if response.get(name) != value:
            yield f"{name}: {response.get(name)}"
    policy = policy_of(response)
    if policy.get("default-src") != {"'none'"}:
        yield f"default-src: {policy.get('default-src')}"
    if "sandbox" in policy:  # a document opened in the browser: it runs, loads and sends nothing
        if policy.keys() != {"default-src", "style-src", "sandbox", "frame-ancestors"} or policy["sandbox"]:
            yield f"sandbox: {policy}"
        return
    if policy.get("frame-ancestors") != {"'none'"} or policy.get("base-uri") != {"'none'"}:
        yield f"frames or base: {policy}"
    if policy.keys() != OWN | {"default-src", "frame-ancestors", "base-uri"}:
        yield f"directives: {sorted(policy)}"
    for name in OWN & policy.keys():
        if policy[name] != ({"'self'", "data:"} if name == "img-src" else {"'self'"}):
            yield f"{name}: {policy[name]}"


def test_every_answer_of_the_matrix_bears_them(cast: Cast, ask: Ask) -> None:
    """Each address by GET and POST, by one person for each status that it answers."""
    wrong = []
    for row in rows():
        address = reverse(row.route, kwargs=row.arguments(cast))
        for who in dict(zip(row.expected, ACTORS, strict=True)).values():
            response = ask(who, row.method, address)
            wrong += [f"{row.method} {address} ({who}, {response.status_code}): {fault}" for fault in faults(response)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("status", "address", "options"),
    [
        (404, "/nulle-part/", {}),
        (301, "/programmes", {}),
        (302, "/profil/", {}),
        (200, "/static/dsfr/dist/dsfr.main.min.css", {}),
        (200, "/sante/vive", {}),
        (404, "/api/v1/nulle-part/", {}),
        (401, "/api/v1/offers/", {}),
        (401, "/api/v1/offers/", {"headers": {"Authorization": "Bearer faux"}}),
        (400, "/", {"headers": {"Host": "ailleurs.example"}}),
        (302, "/admin/", {}),
        (500, "/casse/", {}),
    ],
)
def test_errors_and_files_bear_them(status: int, address: str, options: dict[str, Any], settings: Any) -> None:
    settings.ROOT_URLCONF = urls
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.WHITENOISE_USE_FINDERS = True
    response = Client(raise_request_exception=False).get(address, **options)
    assert response.status_code == status
    if response.streaming:
        response.getvalue()  # type: ignore[attr-defined]  # read to its end, it closes its file
    assert not list(faults(response))


def test_what_is_refused_before_any_view_bears_them(settings: Any) -> None:
    settings.REQUEST_MAX_BYTES = 0
    client = Client(enforce_csrf_checks=True)
    too_large = client.post("/connexion/", b"x", content_type="text/plain", CONTENT_LENGTH=str(10**9))
    forged = client.post("/connexion/", {"email": "a@exemple.fr", "way": "code"})
    assert (too_large.status_code, forged.status_code) == (413, 403)
    assert not [*faults(too_large), *faults(forged)]


def test_over_tls_browsers_are_told_to_stay_there(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert Client().get("/sante/vive", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
