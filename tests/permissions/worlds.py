"""Files that somebody must know nothing of: three hundred, in every state, with all that hangs on a file."""

import datetime as dt
import uuid
from typing import Any

from common import clock
from files.services import store
from requests.models import Assignment, Document, Message, Solicitation, SupportRequest, Transition
from territories.models import Collectivity
from tests.permissions.cast import Cast
from tests.requests.counting import twins

SECRETS = 300
#: A word of every text of a secret file, which nothing else says; one searches for their « hermines ».
SECRET = "Zibeline"
#: Scenes that the files are copied from: none was referred to the agency.
SCENES = (
    "submitted", "incomplete", "qualification", "search", "answered", "proposed", "support", "suspended", "closing",
    "closed", "redirected", "preparation",
)  # fmt: skip

#: Department and communes of the secret files. ``far``: nobody of the cast has to do with it. ``near``: the department
#: of the cast, two communes of other groupings and arrondissements.
PLACES = {"far": ("29", ("29019", "29232")), "near": ("04", ("04070", "04019"))}


def grow_in_secret(cast: Cast, place: str) -> list[SupportRequest]:
    """The second world: the newest files of all, their notes, threads, papers, people and history."""
    department, codes = PLACES[place]
    bodies = list(Collectivity.objects.filter(code__in=codes))
    made: list[SupportRequest] = []
    for number, scene in enumerate(SCENES):
        first = SupportRequest.objects.get(reference=cast.references[scene])
        files = _copies(first, cast, department, bodies[number % len(bodies)], len(made))
        _hang(first, files, cast)
        made += files
    return made


def _copies(first: SupportRequest, cast: Cast, department: str, body: Collectivity, made: int) -> list[SupportRequest]:
    now = clock.now()
    return twins(
        first,
        SECRETS // len(SCENES),
        submission_key=lambda _: uuid.uuid4(),
        reference=lambda n: f"2026-{department}-{90000 + made + n:05}",
        department_id=lambda _: department,
        arrondissement_id=lambda _: body.arrondissement_id,
        collectivity_id=lambda _: body.pk,
        grouping_id=lambda _: None,
        filed_by_id=lambda _: cast.mandates["dg"].user_id,
        title=lambda n: f"{SECRET} {n}, les hermines du toit",
        public_title=lambda n: f"{SECRET} {n}, les hermines du toit",
        need=lambda n: f"{SECRET} {n}, avec les mots de la commune.",
        contact_email=lambda _: f"{SECRET.lower()}@demo.example",
        submitted_at=lambda n: now - dt.timedelta(minutes=made + n),
        last_activity_at=lambda _: now,
    )


def _hang(first: SupportRequest, files: list[SupportRequest], cast: Cast) -> None:
    """Each table that a page reads beside the file's own has rows of theirs, and their words are secret."""
    now, stranger = clock.now(), cast.mandates["clct"].user

    def each(model: Any, **values: Any) -> None:
        model.objects.bulk_create(model(support_request=file, **values) for file in files)

    for channel in ("internal", "public"):
        each(Message, channel=channel, author=stranger, author_label=SECRET, text=f"{SECRET}, une note.", at=now)
    stored = store("secret.txt", f"{SECRET}, un document.".encode())
    each(Document, channel="internal", kind="attachment", title=SECRET, file=stored, author=stranger, at=now)
    each(Assignment, kind="contact", person=stranger, body=SECRET, since=now)
    each(Transition, number=1, action="submit", from_state="draft", to_state="submitted", role="official",
         body=SECRET, at=now, recorded_at=now)  # fmt: skip
    asked = Solicitation.objects.filter(support_request=first).first()
    if asked is not None:
        others = Solicitation.objects.exclude(provider__organisation__in=_bodies(cast))
        other = others.values("provider_id", "offer_id").first()
        assert other is not None
        twins(asked, len(files), support_request=lambda n: files[n], decision=lambda _: None,
              provider_id=lambda _: other["provider_id"], offer_id=lambda _: other["offer_id"],
              message=lambda _: SECRET)  # fmt: skip


def _bodies(cast: Cast) -> list[Any]:
    return [one.organisation_id for name, one in cast.mandates.items() if name.lower() in {"prov", "oper"}]
