"""The course of one generated life: its steps, each with the instant of its maker. Pure and deterministic.

Agents act on working days and in office hours, executives in the evening; nobody signs while no delegation stands, and
no council sits in August. What would come after the demonstration's Friday is left out.
"""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dateutil.relativedelta import relativedelta

from common.calendar import working_days_between
from requests.deadlines import SURVEY_MONTHS
from requests.demonstration import rhythm
from requests.demonstration.quotas import NATIONAL
from requests.demonstration.words import Need, Words
from requests.enums import Channel, Outcome

#: The hour at which each step is made, so that those of one day follow one another.
HOURS: Mapping[str, int] = {
    "acknowledge": 9, "ask_completion": 10, "qualify": 11, "prepare": 13, "solicit": 14, "answer": 15, "redirect": 16,
    "propose": 17, "designate": 10, "log": 16, "propose_closing": 11, "close": 15, "refer": 16, "take_up": 10,
    "delegate": 15, "operator": 11, "start": 14, "assign_service": 15, "market": 15, "drop": 11, "suspend": 17,
    "read": 18,
}  # fmt: skip
#: Phases of the projects that the lives tell.
PHASES = ("emergence", "framing", "feasibility")
#: Steps of those who write in the evening.
EVENING = frozenset({"complete", "accept", "withdraw", "confirm", "survey"})
#: Steps that need somebody with a delegation.
SIGNED = frozenset({"solicit", "redirect", "designate", "close", "prepare", "refer", "drop"})

#: An open request is no later than this after its last step (working days), or it would be late or silent.
FRESH: Mapping[str, int] = {
    "file": 8, "confirm": 8, "acknowledge": 13, "ask_completion": 18, "complete": 13, "qualify": 11, "solicit": 8,
    "answer": 8, "propose": 9, "accept": 4, "designate": 38, "log": 38, "start": 38, "suspend": 38,
    "propose_closing": 12, "prepare": 12, "refer": 4, "take_up": 17, "delegate": 13, "operator": 38,
}  # fmt: skip
#: Last days on which a forgotten follow-up gave a sign of life.
FORGOTTEN_SINCE = dt.date(2026, 9, 1)
TRIES = 80


@dataclass(frozen=True, slots=True)
class Step:
    """What is done, and when on the clock of the territory."""

    verb: str
    at: dt.datetime
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plot:
    """What is decided of a life before its dates."""

    department: str
    kind: str
    #: Below the threshold of full funding by the agency.
    small: bool
    need: Need
    outcome: str
    offers: tuple[str, ...]
    #: In which its project may be: those that the offers take.
    phases: tuple[str, ...]
    operator: str
    motives: tuple[str, ...]
    ended: bool
    mood: str = ""


class Course:
    """Draws the steps of one plot, again and again until they fit in time."""

    def __init__(self, plot: Plot, words: Words, rng: random.Random) -> None:
        self.plot, self.words, self.rng = plot, words, rng
        self.made: list[Step] = []
        self.haste = 1.0

    def steps(self, filed: dt.datetime) -> tuple[Step, ...]:
        """Raises ``ValueError`` when no draw fits between the filing and the demonstration's Friday."""
        for attempt in range(TRIES):
            self.made, self.haste = [], max(0.2, 1 - attempt / 50)
            self._file(filed)
            self._live()
            if self.plot.ended:
                if self._end().at.date() <= rhythm.TODAY:
                    return tuple(step for step in self.made if step.at.date() <= rhythm.TODAY)
                continue
            kept = [step for step in self.made if step.at.date() <= rhythm.TODAY]
            if self.plot.mood or self._is_fresh(kept):
                return (*kept, Step("read", _after(kept[-1].at)))
        raise ValueError(f"no course fits {self.plot} filed on {filed}")

    def _end(self) -> Step:
        return next(step for step in reversed(self.made) if step.verb not in {"survey", "later_survey"})

    def _is_fresh(self, kept: list[Step]) -> bool:
        last = kept[-1]
        if last.verb not in FRESH or self._since(last) > FRESH[last.verb]:
            return False
        of = {step.verb: step for step in kept}
        if last.verb == "qualify":
            return self._since(of.get("complete", of["acknowledge"])) <= FRESH["acknowledge"]
        if last.verb == "answer":
            waiting = len(of["solicit"].given["codes"]) > sum(step.verb == "answer" for step in kept)
            return self._since(of["solicit"]) <= (FRESH["solicit"] if waiting else 17)
        return True

    def _since(self, step: Step) -> int:
        """Working days from a step to the demonstration's Friday."""
        return working_days_between(step.at.date(), rhythm.TODAY, self.plot.department)

    # --- adding steps

    @property
    def day(self) -> dt.date:
        return self.made[-1].at.date()

    def _add(self, verb: str, day: dt.date, **given: Any) -> None:
        """Adds a step on that day or soon after it, never before the step that precedes."""
        department = self.plot.department
        day = max(day, self.day)
        if verb in EVENING:
            hour = rhythm.evening(self.rng)
        else:
            day = rhythm.signing(day, department) if verb in SIGNED else rhythm.working(day, 0, department)
            hour = dt.time(HOURS[verb], self.rng.randrange(60))
        at = dt.datetime.combine(day, hour)
        if at <= self.made[-1].at:  # the day's hour is past: the next one
            following = day + dt.timedelta(days=1)
            day = following if verb in EVENING else rhythm.signing(following, department)
            at = dt.datetime.combine(day, hour)
        self.made.append(Step(verb, at, given))

    def _wait(self, least: int, most: int) -> dt.date:
        """So many working days after the last step."""
        days = round(self.rng.randint(least, most) * self.haste)
        return rhythm.working(self.day, max(1, days), self.plot.department)

    def _later(self, days: float) -> dt.date:
        return self.day + dt.timedelta(days=max(1, round(days)))

    # --- the course

    def _file(self, filed: dt.datetime) -> None:
        channel = Channel.WEB
        if self.plot.kind == "commune" and self.rng.random() < 0.08:
            channel = self.rng.choice((Channel.LETTER, Channel.VISIT, Channel.TELEPHONE, Channel.MEETING))
            day = rhythm.working(filed.date(), 0, self.plot.department)
            if day <= rhythm.TODAY:
                filed = dt.datetime.combine(day, dt.time(self.rng.randint(9, 16), self.rng.randrange(60)))
            else:
                channel = Channel.WEB
        self.made.append(Step("file", filed, {"channel": channel.value}))
        if channel != Channel.WEB:
            self._add("confirm", self._later(self.rng.randint(0, 4)))

    def _live(self) -> None:
        plot, rng = self.plot, self.rng
        first = self.made[0].at.date()
        answer = max(2, round(rhythm.first_answer(rng) * self.haste))
        receipt = min(rhythm.acknowledgement(rng), max(1, answer - 2))
        if plot.mood == "quick":
            answer, receipt = 2, 1
        if plot.outcome in NATIONAL:
            answer = max(14, answer)

        def on(days: float) -> dt.date:
            return rhythm.working(first, max(1, round(days)), plot.department)

        self._add("acknowledge", on(receipt))
        if plot.outcome == Outcome.REDIRECTED:
            self._add("redirect", on(answer), key=plot.need.elsewhere)
            return
        if plot.outcome == Outcome.DROPPED and rng.random() < 0.7:
            items, _ = self.words.one("completions", rng)
            self._add("ask_completion", self._wait(0, 3), items=items)
            self._add("drop", self._wait(45, 75), reason=self.words.one("drops", rng))
            return
        if answer - receipt >= 8 and rng.random() < 0.15:
            items, reply = self.words.one("completions", rng)
            self._add("ask_completion", self._wait(0, 1), items=items)
            self._add("complete", self._later(rng.randint(1, 3)), text=reply)
        self._add("qualify", on(receipt + (answer - receipt) * 0.15), phase=rng.choice(plot.phases))
        if plot.mood == "late":
            return
        if plot.outcome in NATIONAL:
            self._nationally(on, receipt, answer)
        elif plot.outcome in {Outcome.WITHDRAWN, Outcome.DROPPED}:
            self._give_up()
        else:
            self._locally(on, receipt, answer)

    def _give_up(self) -> None:
        if self.plot.offers and self.rng.random() < 0.5:
            self._add("solicit", self._wait(1, 4), codes=(self.plot.offers[0],))
        if self.plot.outcome == Outcome.WITHDRAWN:
            self._add("withdraw", self._later(self.rng.randint(5, 40) * self.haste), reason=self._one("withdrawals"))
        else:
            self._add("drop", self._wait(30, 60), reason=self._one("drops"))

    def _locally(self, on: Any, receipt: int, answer: int) -> None:
        plot, rng = self.plot, self.rng
        count = 2 if len(plot.offers) > 1 and rng.random() < 0.35 else 1
        codes = tuple(rng.sample(plot.offers, count))
        willing = codes[:1] if count == 2 and rng.random() < 0.4 else codes
        self._add("solicit", on(receipt + (answer - receipt) * 0.25), codes=codes)
        for code in reversed(codes):
            ready = on(receipt + (answer - receipt) * rng.uniform(0.6, 0.95))
            self._add("answer", min(ready, on(answer)), **self._reply(code, accepted=code in willing))
        self._add("propose", on(answer), codes=willing, text=self.words.of(plot.need.subject, "proposals", rng))
        self._add("accept", rhythm.council(self._later(rng.randint(4, 32) * self.haste)))
        self._add("designate", self._wait(1, 6))
        self._follow("officer", "steps")

    def _reply(self, code: str, *, accepted: bool) -> dict[str, Any]:
        if accepted:
            return {"code": code, "accepted": True, "text": self._one("accepted")}
        reason, text = self._one("declined")
        return {"code": code, "accepted": False, "reason": reason, "text": text}

    def _one(self, kind: str) -> Any:
        return self.words.one(kind, self.rng)

    def _follow(self, by: str, kind: str) -> None:
        """Support, from its first visit to its end; the file left open has news every month or so."""
        plot, rng = self.plot, self.rng
        lines = list(self.words.texts["national_steps"] if kind == "national_steps" else self._lines("steps"))
        length = rng.lognormvariate(4.75, 0.45) * self.haste  # median 115 days
        visits = 2 if plot.ended else 14
        for rank in range(visits):
            gap = length / 3 if plot.ended else rng.randint(24, 42)
            day = self._later(gap)
            if plot.mood == "forgotten" and day >= FORGOTTEN_SINCE:
                return
            text = lines[rank] if rank < len(lines) else f"Point de suivi avec la collectivité ({rank + 1})."
            entry = "visit" if rank == 0 else "deliverable" if rank == len(lines) - 1 else "call"
            self._add("log", day, by=by, text=text, kind=entry)
        if plot.ended:
            self._close(by, kind, length / 3)
        elif rng.random() < 0.3:
            self._add(
                "suspend", self._wait(2, 8), by=by, reason="À la demande de la collectivité, jusqu’au vote du budget."
            )

    def _lines(self, kind: str) -> list[str]:
        return list(self.words.texts["subjects"][self.plot.need.subject][kind])

    def _close(self, by: str, kind: str, length: float) -> None:
        rng = self.rng
        endings = self.words.texts["national_endings"] if kind == "national_steps" else self._lines("endings")
        result = rng.choices(("done", "partial", "abandoned"), (86, 11, 3))[0]
        self._add("propose_closing", self._later(length), by=by, summary=rng.choice(endings), result=result)
        self._add("close", self._wait(2, 8))
        closed = self.made[-1].at
        if rng.random() < 0.55:
            opinion = {"useful": result != "abandoned" and rng.random() < 0.9, "quick": rng.random() < 0.7}
            self._add("survey", self._later(rng.randint(2, 15)), comment=self._one("comments"), **opinion)
        later = dt.datetime.combine(closed.date() + relativedelta(months=SURVEY_MONTHS), dt.time(20, 30))
        self.made.append(Step("later_survey", later, {"answered": rng.random() < 0.45}))

    # --- the national way

    def _nationally(self, on: Any, receipt: int, answer: int) -> None:
        """Every local offer is asked and declines; the referral follows, and one of the agency's answers."""
        plot, rng = self.plot, self.rng
        if plot.offers:
            self._add("solicit", on(receipt + (answer - receipt) * 0.25), codes=plot.offers)
        for code in plot.offers:
            self._add("answer", on(receipt + (answer - receipt) * 0.6), **self._reply(code, accepted=False))
        amount = rng.randrange(12_000, 48_001, 600)
        motives = {motive: rng.choice(self.words.texts["justifications"][motive]) for motive in plot.motives}
        self._add("prepare", on(receipt + (answer - receipt) * 0.8), motives=list(motives))
        self._add("refer", on(answer), motives=motives, amount=amount, market=plot.outcome == Outcome.MARKET)
        self._add("take_up", self._wait(1, 4))
        if plot.outcome == Outcome.OPERATOR:
            self._add("delegate", self._wait(8, 17), operator=plot.operator)
            self._add("operator", self._wait(4, 9), operator=plot.operator)
            self._follow("operator", "national_steps")
        elif plot.outcome == Outcome.AGENCY_SERVICE:
            self._add("assign_service", self._wait(8, 17), service="immobilier-commercial")
            self._follow("agency", "national_steps")
        else:
            self._market(amount)
            self._follow("agency", "national_steps")

    def _market(self, amount: int) -> None:
        """Contract, deliberation, the prefect's and the body's signatures, commitment, start: made in one go."""
        rng = self.rng
        chosen = self._wait(8, 17)
        department = self.plot.department
        deliberated = rhythm.council(chosen + dt.timedelta(days=rng.randint(8, 30)))
        prefect = rhythm.signing(deliberated + dt.timedelta(days=rng.randint(5, 12)), department)
        body = prefect + dt.timedelta(days=rng.randint(2, 8))
        committed = rhythm.working(body + dt.timedelta(days=rng.randint(5, 14)), 0, department)
        days = max(15, min(45, round(amount / 1050)))
        self._add(
            "market",
            rhythm.working(committed + dt.timedelta(days=rng.randint(5, 20)), 0, department),
            chosen=chosen,
            deliberated=deliberated,
            prefect=prefect,
            body=body,
            committed=committed,
            amount=amount,
            days=days,
            share=100 if self.plot.small else 60,
            outside=self._one("outside"),
        )


def _after(at: dt.datetime) -> dt.datetime:
    """The agent reads what came last: the same evening, or just after."""
    return at + dt.timedelta(minutes=25)
