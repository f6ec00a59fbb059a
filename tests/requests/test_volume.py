"""The database of the measures: built in SQL past every service, it holds what the services guarantee."""

import pytest
import zeal
from django.db import connection
from django.test import Client

from accounts.models import Mandate
from accounts.sessions import signed_in
from anct_portal import volume
from anct_portal.declarations import declared
from common.actor import Role
from requests.models import SupportRequest, Transition
from requests.workflow import State

#: Enough for each course to be drawn, and for each desk and each body to have its people.
FILES, PEOPLE = 500, 3000


@pytest.fixture
def built(committed_db: None) -> None:
    with zeal.zeal_ignore():
        volume.build(FILES, lambda line: None, people=PEOPLE)


def test_a_small_volume_holds_every_invariant(built: None, client: Client) -> None:
    assert SupportRequest.objects.count() == FILES
    assert Mandate.objects.count() == PEOPLE
    assert {app: list(integrity.breaches()) for app, integrity in declared("integrity")} == {
        app: [] for app, _ in declared("integrity")
    }
    states = set(SupportRequest.objects.values_list("state", flat=True))
    assert {State.SUBMITTED, State.LOCAL_SEARCH, State.PROPOSED, State.LOCAL_SUPPORT, State.NATIONAL_SUPPORT,
            State.CLOSED, State.REDIRECTED, State.WITHDRAWN, State.DROPPED} <= states  # fmt: skip
    assert SupportRequest.objects.filter(department="62", collectivity__kind="commune").count() == FILES // 40

    with connection.cursor() as cursor:  # the schema is whole again
        cursor.execute(
            "SELECT count(*) FILTER (WHERE NOT convalidated), count(*) FROM pg_constraint WHERE contype = 'f'"
        )
        unproven, references = cursor.fetchone()
        assert (unproven, references > 100) == (0, True)
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'request_by_department'")
        assert cursor.fetchone() == (1,)

    last = Transition.objects.select_related("support_request__department").latest("at")
    mandate = Mandate.objects.get(role=Role.DEPUTY, department=last.support_request.department)
    client.cookies["sessionid"] = signed_in(mandate)
    assert client.get("/guichet/").status_code == 200
    for page in ("", "proposition/"):
        address = f"/guichet/{last.support_request.reference}/{page}"
        assert client.get(address, follow=True).status_code == 200, address

    with pytest.raises(RuntimeError, match="of its own"):
        volume.build(1, lambda line: None)
