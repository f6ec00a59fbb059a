"""People and files of the demonstration, ready to act, on its database (``pytest.mark.demonstration``)."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Mandate
from common.actor import Actor
from requests.demonstration.stage import Stage
from requests.models import SupportRequest
from territories.models import Collectivity


@pytest.fixture
def stage() -> Stage:
    """``stage.account("maire")``, ``stage.desk("90")``: mandates; ``stage.actor(mandate)``: who acts today."""
    return Stage()


@pytest.fixture
def actor(stage: Stage) -> Callable[[str], Actor]:
    """The actor of a demonstration account: ``actor("instructeur")``."""
    return lambda name: stage.actor(stage.account(name))


@pytest.fixture
def sign_in() -> Callable[[Client, Mandate | str], Client]:
    """Opens a session under a mandate, or under the only mandate of a demonstration account."""

    def enter(client: Client, who: Mandate | str) -> Client:
        mandate = Stage().account(who) if isinstance(who, str) else who
        client.force_login(mandate.user, backend="accounts.backends.PortalBackend")
        session = client.session
        session["mandate"] = str(mandate.uuid)
        session.save()
        return client

    return enter


@pytest.fixture
def as_(client: Client, sign_in: Callable[[Client, Mandate | str], Client]) -> Callable[[str], Client]:
    """The client of a demonstration account: ``as_("instructeur")``."""
    return lambda name: sign_in(client, name)


@pytest.fixture
def quiet() -> list[Collectivity]:
    """Six communes of the sub-prefect's arrondissement that never filed: no fact of any is known yet."""
    subprefect = Stage().actor(Stage().account("sousprefet"))
    here = Collectivity.objects.current().filter(kind="commune", arrondissement__in=subprefect.arrondissements)
    filed = SupportRequest.objects.values("collectivity")
    found = list(here.exclude(pk__in=filed).filter(zonings=None, population__isnull=False).order_by("code")[:6])
    assert len(found) == 6
    return found


@pytest.fixture
def case(db: None) -> Callable[[str], SupportRequest]:
    """The file of a place, the latest: ``case("04121")`` is Mézel's."""

    def find(code: str) -> SupportRequest:
        return SupportRequest.objects.filter(collectivity__code=code).select_related("collectivity").latest("pk")

    return find


@pytest.fixture(autouse=True)
def _no_row_by_row_fetch() -> None:
    """N+1 is watched inside each HTTP request (``tests.settings``): a test that calls a service twice is not a loop."""
