"""The generated lives of the demonstration: a plan that keeps the shares and the calendar of a real service, and lives
that the services accept, each once."""

import datetime as dt
import re
import statistics
from collections import Counter
from collections.abc import Iterable

import pytest

from common.calendar import is_working_day, working_days_between
from notifications.models import OutboxEvent
from requests import integrity
from requests.demonstration import lives, played, quotas, rhythm
from requests.demonstration.lives import Life
from requests.demonstration.stage import Stage, key
from requests.demonstration.steps import EVENING, SIGNED
from requests.demonstration.words import Words, load
from requests.enums import Channel, Outcome
from requests.models import Document, RoutingAssessment, Solicitation, SupportRequest
from requests.queue import COUNTERS_BY_KEY, current

pytestmark = [pytest.mark.demonstration, pytest.mark.django_db]

HELPED = {Outcome.LOCAL, Outcome.OPERATOR_DIRECT, *quotas.NATIONAL}
#: What answers a need for the first time.
ANSWERS = ("propose", "redirect", "refer")


@pytest.fixture(scope="module")
def words() -> Words:
    return load()


@pytest.fixture
def planned(words: Words, planned_once: dict[str, list[Life]]) -> list[Life]:
    played.make_syndicates()
    if not planned_once:
        planned_once["plan"] = lives.plan(played.bodies(), played.offers(), words)
    return planned_once["plan"]


@pytest.fixture(scope="module")
def planned_once() -> dict[str, list[Life]]:
    return {}


def shares(values: Iterable[object]) -> dict[object, float]:
    counted = Counter(values)
    return {value: count / counted.total() for value, count in counted.items()}


def delays(planned: Iterable[Life], *verbs: str) -> list[int]:
    firsts = [(life, next((step for step in life.steps if step.verb in verbs), None)) for life in planned]
    return sorted(
        working_days_between(life.filed_at.date(), step.at.date(), life.department) for life, step in firsts if step
    )


# --- the plan --------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_plan(planned: list[Life], words: Words) -> None:
    assert lives.plan(played.bodies(), played.offers(), words) == planned
    assert lives.plan(played.bodies(), played.offers(), words, seed=7) != planned


def test_volumes_and_applicants(planned: list[Life]) -> None:
    assert Counter(life.department for life in planned) == quotas.VOLUMES
    assert len(planned) + 30 >= 700
    kinds = shares(life.body.kind for life in planned)
    assert all(abs(kinds[kind] - share) < 0.03 for kind, share in quotas.KINDS.items()), kinds
    strata = shares(lives.stratum(life.body.population) for life in planned if life.body.kind == "commune")
    assert all(abs(strata[bound] - share) < 0.03 for bound, share in quotas.STRATA.items()), strata
    said = Counter((life.department, life.need.title) for life in planned)
    assert max(said.values()) <= 2
    assert len({life.need.title for life in planned}) >= 150


def test_outcomes_of_what_is_ended(planned: list[Life]) -> None:
    ended = [life for life in planned if life.is_ended]
    found = shares(life.outcome for life in ended)
    assert all(abs(found[outcome] - share) < 0.02 for outcome, share in quotas.OUTCOMES.items()), found
    for department in ("04", "90", "48"):
        for year in (2024, 2025, 2026):
            helped = Counter(
                life.outcome
                for life in ended
                if life.department == department and life.outcome in HELPED and closed_in(life, year)
            )
            if year > 2024:
                assert helped.total() >= 10, (department, year)
            if helped.total() >= 10:
                assert helped[Outcome.LOCAL] < helped.total(), (department, year, helped)
    rates = {
        department: shares(life.outcome for life in ended if life.department == department and life.outcome in HELPED)[
            Outcome.LOCAL
        ]
        for department in ("90", "04", "48")
    }
    assert rates["90"] < 0.80 < rates["04"] < rates["48"] < 1, rates
    motives = Counter(
        motive for life in planned for step in life.steps if step.verb == "refer" for motive in step.given["motives"]
    )
    referred = sum(step.verb == "refer" for life in planned for step in life.steps)
    assert motives.total() > referred
    assert [motive for motive, _ in motives.most_common()] == ["insufficient_resources", "complexity", "fragility"]


def closed_in(life: Life, year: int) -> bool:
    return any(step.verb == "close" and step.at.year == year for step in life.steps)


def test_delays_are_uneven(planned: list[Life]) -> None:
    receipts, answers = delays(planned, "acknowledge"), delays(planned, *ANSWERS)
    assert abs(statistics.median(receipts) - 4) <= 1 and abs(statistics.quantiles(receipts, n=10)[8] - 9) <= 2
    assert abs(statistics.median(answers) - 17) <= 3 and abs(statistics.quantiles(answers, n=10)[8] - 41) <= 6
    assert min(answers) == 2


def test_the_calendar_has_its_waves_and_dips(planned: list[Life]) -> None:
    filed = [life.filed_at for life in planned]
    assert dt.date(2023, 11, 20) <= min(filed).date() and max(filed).date() <= rhythm.TODAY
    months = Counter(f"{at:%Y-%m}" for at in filed)
    assert months["2026-06"] + months["2026-05"] > 3 * (months["2026-02"] + months["2026-03"])
    assert months["2025-10"] > 2 * months["2025-08"]
    assert sum(at.hour >= 20 or at.weekday() == 6 for at in filed) > 0.4 * len(filed)


def test_agents_act_on_working_days_and_only_whoever_may_sign(planned: list[Life]) -> None:
    begun, ended = rhythm.UNSIGNED["04"]
    for life in planned:
        assert [step.at for step in life.steps] == sorted(step.at for step in life.steps), life.key
        for step in life.steps:
            day = step.at.date()
            if step.verb not in EVENING | {"file", "later_survey", "read"}:
                assert is_working_day(day, life.department), (life.key, step)
            if step.verb in SIGNED and life.department == "04":
                assert not begun <= day < ended, (life.key, step)
            assert step.verb != "accept" or day.month != 8, "no council in August"
            assert step.at.date() <= rhythm.TODAY or step.verb == "read"


def test_nobody_asks_for_what_an_expert_would_smile_at(planned: list[Life]) -> None:
    for life in planned:
        if life.need.subject in {"zone-activite", "emploi"}:
            assert life.body.kind != "commune", life
        if life.body.kind == "commune":
            assert not re.search(r"\b(digue|GEMAPI|crue|hydraulicien)", life.need.text), life.need
        operators = [step.given["operator"] for step in life.steps if step.verb == "delegate"]
        assert "anah" not in operators or life.body.kind == "epci"
        assert "anru" not in operators


def test_an_offer_is_asked_where_it_holds_and_the_agency_where_nobody_says_yes(planned: list[Life]) -> None:
    catalogue = played.offers()
    offers = {offer.code: offer for offer in catalogue}
    for life in planned:
        asked = [offers[code] for step in life.steps if step.verb == "solicit" for code in step.given["codes"]]
        assert all(offer.fits(life.body) for offer in asked), life
        assert len({offer.provider for offer in asked}) == len(asked), life
        if any(step.verb == "refer" for step in life.steps):
            answers = [step.given["accepted"] for step in life.steps if step.verb == "answer"]
            assert answers == [False] * len(asked) and len(asked) <= lives.FEW, life
            if not asked:
                assert not [
                    offer.code
                    for offer in catalogue
                    if not offer.national and life.need.subject in offer.subjects and offer.reaches(life.body)
                ]


def test_words_are_french_print(words: Words) -> None:
    folder = [f"{need.title}\n{need.text}" for need in words.needs]
    text = "\n".join([*folder, str(words.texts)])
    assert len({need.text for need in words.needs}) == len(words.needs) >= 300
    assert not re.search(r"[a-zéè]'[a-zéèêh]", "\n".join(folder)), "typographic apostrophes"
    assert not re.search(r"(?<![\u202f\u00a0\d])[?!;:»%€]", "\n".join(folder)), "no-break spaces"
    assert not re.search(r"\b(ZRR|Pôle emploi|Conseil général|DDE|démarche structurante)\b", text)
    assert all(len(need.title) <= 80 for need in words.needs)
    assert all(len(line) >= 200 for lines in words.texts["justifications"].values() for line in lines)


def test_the_communes_of_the_stories_are_left_to_them() -> None:
    told = SupportRequest.objects.filter(collectivity__kind="commune").values_list("collectivity__code", flat=True)
    assert set(told) == lives.TOLD


# --- played ----------------------------------------------------------------------------------------------------------


def sample(planned: list[Life]) -> list[Life]:
    """A life of each outcome, of each last step of open requests, and one of each unusual course."""
    kept: dict[object, Life] = {}
    for life in planned:
        if life.is_ended:
            kept.setdefault(life.outcome, life)
        else:
            kept.setdefault(life.steps[-2].verb, life)
        if life.steps[0].given["channel"] != Channel.WEB:
            kept.setdefault("recorded", life)
        if life.department in lives.NEGLIGENT and not life.is_ended and life.steps[-2].at.date() < dt.date(2026, 10, 1):
            kept.setdefault(("neglected", life.steps[-2].verb), life)
        if life.body.kind != "commune":
            kept.setdefault(life.body.kind, life)
    return list({life.key: life for life in kept.values()}.values())


def test_lives_of_every_kind_are_lived_once(planned: list[Life], words: Words, clock: object) -> None:
    clock.move_to("2026-11-21 09:00")  # type: ignore[attr-defined]
    chosen = sample(planned)
    assert {life.outcome for life in chosen if life.is_ended} == set(quotas.OUTCOMES)
    waiting = set(OutboxEvent.objects.undone().values_list("pk", flat=True))
    letters = Document.objects.undone().count()
    made = played.live(chosen, words, Stage())
    assert made == len(chosen)
    lived = SupportRequest.objects.filter(submission_key__in=[key(life.key) for life in chosen])
    rows = {row.submission_key: row for row in lived}
    for life in chosen:
        row = rows[key(life.key)]
        assert row.is_ended == life.is_ended, (life.key, row.state)
        assert not life.is_ended or row.outcome == life.outcome, life.key
        assert row.need == life.need.text
    assert list(integrity.breaches()) == []
    assert_referred_for_want_of_help([rows[key(life.key)] for life in chosen if life.outcome in quotas.NATIONAL])
    assert set(OutboxEvent.objects.undone().values_list("pk", flat=True)) <= waiting, "nobody is written to"
    assert Document.objects.undone().count() - letters <= 3 * sum(not life.is_ended for life in chosen)
    assert not Document.objects.filter(
        support_request__in=[rows[key(one.key)] for one in chosen if one.is_ended]
    ).exists()
    assert played.live(chosen, words, Stage()) == 0, "twice is once"


def assert_referred_for_want_of_help(referred: list[SupportRequest]) -> None:
    """The evidence read beside the motive: no local offer stands there that nobody asked, or that said yes."""
    assert referred
    asked: dict[int, set[str]] = {row.pk: set() for row in referred}
    solicitations = Solicitation.objects.filter(support_request__in=referred, state="declined")
    for row, provider in solicitations.values_list("support_request", "provider__code"):
        asked[row].add(provider)
    proposals = RoutingAssessment.objects.filter(support_request__in=referred).order_by("computed_at")
    for row, found in dict(proposals.values_list("support_request", "document")).items():
        local = {each["provider"]["code"] for each in found["matching"]["candidates"] if each["family"] == "local"}
        assert local == asked[row], found["facts"]


def test_this_morning_s_queue_stays_what_it_was(planned: list[Life], words: Words, clock: object) -> None:
    """Open lives are read, on time and answered: what stands out at the desk of 04 is what the stories put there, one
    file forgotten and one late."""
    clock.move_to("2026-11-21 09:00")  # type: ignore[attr-defined]
    stage = Stage()
    instructor = stage.actor(stage.account("instructeur"))

    def listed(counter: str) -> set[int]:
        visible = current(SupportRequest.objects.visible_to(instructor), instructor.on)
        return set(visible.filter(COUNTERS_BY_KEY[counter].condition(instructor)).values_list("pk", flat=True))

    before = {name: listed(name) for name in ("a-lire", "en-retard", "prestataire", "suivis-muets")}
    played.live([life for life in planned if life.department == "04" and not life.is_ended], words, stage)
    after = {name: len(listed(name) - rows) for name, rows in before.items()}
    assert after == {"a-lire": 0, "en-retard": 1, "prestataire": 0, "suivis-muets": 1}
