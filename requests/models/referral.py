"""The national way: referral, motives, signature, answer of the agency, delegations to operators, agreement."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.models import AppendOnly
from requests.enums import (
    Circuit,
    DeclineReason,
    DelegationState,
    FundingMoment,
    Motive,
    NationalAnswerKind,
    NotRetainedReason,
    Opinion,
    ReferralState,
)
from requests.models.history import Note
from requests.models.intake import SupportRequest
from requests.models.triage import Decision
from requests.models.turn import keeps_turn


class Referral(models.Model):
    """A referral to the agency (saisine): what was looked for, why it falls short, what is asked."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="referrals")
    decision = models.OneToOneField(Decision, models.PROTECT, null=True, related_name="referral")
    state = models.CharField(max_length=12, choices=ReferralState.choices, default=ReferralState.PREPARATION)
    circuit = models.CharField(max_length=16, choices=Circuit.choices, default=Circuit.NATIONAL)
    #: What was searched locally, frozen when the referral leaves: offers examined, solicitations, answers.
    evidence = models.JSONField("éléments de la recherche locale", default=dict)
    evidence_note = models.TextField("autres éléments", max_length=4000, blank=True)
    service_asked = models.CharField("prestation demandée", max_length=300, blank=True)
    duration = models.CharField("durée", max_length=120, blank=True)
    calendar = models.CharField("calendrier", max_length=300, blank=True)
    cost_excl_tax = models.DecimalField("coût estimé HT", max_digits=10, decimal_places=2, null=True, blank=True)
    cost_incl_tax = models.DecimalField("coût estimé TTC", max_digits=10, decimal_places=2, null=True, blank=True)
    proposed_answer = models.CharField(max_length=16, choices=NationalAnswerKind.choices, blank=True)
    outside_reason = models.TextField("pourquoi une prestation externe", max_length=2000, blank=True)
    fiscal_year = models.PositiveSmallIntegerField("exercice", null=True)
    commitments_close_on = models.DateField("clôture des engagements", null=True)
    cmt_opinion = models.CharField(max_length=12, choices=Opinion.choices, default=Opinion.NOT_ASKED)
    cmt_opinion_text = models.TextField(max_length=2000, blank=True)
    cmt_opinion_on = models.DateField(null=True)
    #: Whose signature is awaited.
    to_sign_by = models.ForeignKey("accounts.Mandate", models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    signature = models.OneToOneField("requests.Signature", models.PROTECT, null=True, related_name="referral")

    class Meta:
        verbose_name = "saisine"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request"],
                condition=Q(state__in=["preparation", "sent", "more_asked"]),
                name="one_live_referral",
            ),
            models.CheckConstraint(
                name="referral_sent_is_signed",
                condition=Q(state__in=["preparation", "abandoned"]) | Q(sent_at__isnull=False, signature__isnull=False),
            ),
            models.CheckConstraint(
                name="referral_amounts_in_order",
                condition=Q(cost_incl_tax__isnull=True)
                | Q(cost_excl_tax__isnull=True)
                | Q(cost_incl_tax__gte=F("cost_excl_tax")),
                violation_error_message="Le montant TTC ne peut pas être inférieur au montant HT.",
            ),
        ]
        triggers = [keeps_turn()]

    def __str__(self) -> str:
        return f"saisine du {self.opened_at:%d/%m/%Y}"


class ReferralMotive(models.Model):
    """One of the three motives, with its facts (source, date) and its justification (200 to 2,000 characters)."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="motives")
    motive = models.CharField(max_length=24, choices=Motive.choices)
    justification = models.TextField(max_length=2000, blank=True)
    facts = models.JSONField(default=list)

    class Meta:
        verbose_name = "motif"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["referral", "motive"], name="one_row_a_motive")]

    def __str__(self) -> str:
        return self.get_motive_display()


class Signature(AppendOnly):
    """A signature given, on the portal or on paper, under an act in force on its date (PRACTICE 2.3)."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="signatures")
    matter = models.CharField(max_length=20)
    #: Empty when the delegate signs by office.
    act = models.ForeignKey("accounts.SignatureAct", models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey("accounts.Mandate", models.PROTECT, related_name="+")
    signatory = models.CharField("signataire", max_length=200)
    quality = models.CharField("qualité", max_length=200)
    block = models.TextField("bloc de signature", max_length=500)
    signed_on = models.DateField("signée le")
    on_paper = models.BooleanField("signée hors du portail", default=False)
    scan = models.ForeignKey("files.StoredFile", models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        verbose_name = "signature"
        ordering = ["-recorded_at", "id"]

    def __str__(self) -> str:
        return f"{self.signatory} ({self.signed_on:%d/%m/%Y})"


class FundingRule(models.Model):
    """Who is fully funded by the agency's market, and the share of the others. The numbers are the agency's to set."""

    version = models.PositiveSmallIntegerField(unique=True)
    decided_on = models.DateField("décidée le")
    applies_from = models.DateField("applicable à partir du")
    commune_below = models.PositiveIntegerField("communes de moins de")
    grouping_below = models.PositiveIntegerField("intercommunalités de moins de")
    population_column = models.CharField(max_length=40)
    #: Share in percent for the others, when the agency has set one; empty: decided case by case.
    other_share = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    text = models.CharField(max_length=500)

    class Meta:
        verbose_name = "règle de prise en charge"
        verbose_name_plural = "règles de prise en charge"
        ordering = ["-applies_from"]

    def __str__(self) -> str:
        return f"règle v. {self.version}"


class FundingTest(AppendOnly):
    """The free-of-charge test at one moment: rule, population with its vintage, result (PRACTICE 3.5)."""

    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="funding_tests")
    moment = models.CharField(max_length=12, choices=FundingMoment.choices)
    rule = models.ForeignKey(FundingRule, models.PROTECT, related_name="+")
    population = models.PositiveIntegerField(null=True)
    population_vintage = models.PositiveSmallIntegerField(null=True)
    population_column = models.CharField(max_length=40, blank=True)
    threshold = models.PositiveIntegerField(null=True)
    #: Null when the rule says nothing of this kind of body, or the population is unknown.
    fully_funded = models.BooleanField(null=True)
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        verbose_name = "test de prise en charge"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="funding_result_follows_from_its_numbers",
                condition=Q(fully_funded__isnull=True)
                | Q(fully_funded=True, population__lt=F("threshold"))
                | Q(fully_funded=False, population__gte=F("threshold")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_moment_display()} : {self.fully_funded}"


class NationalAnswer(AppendOnly):
    """One of the agency's five answers to a referral."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="national_answers")
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=16, choices=NationalAnswerKind.choices)
    reason = models.CharField(max_length=20, choices=NotRetainedReason.choices, blank=True)
    note = models.OneToOneField(Note, models.PROTECT, null=True, related_name="national_answer")
    service = models.ForeignKey("operators.Provider", models.PROTECT, null=True, related_name="+")
    offer = models.ForeignKey("operators.Offer", models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        verbose_name = "réponse de l’Agence"
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="national_answer_is_whole",
                condition=Q(kind="agency_service", service__isnull=False)
                | Q(kind="sent_back", offer__isnull=False)
                | (Q(kind="not_retained") & ~Q(reason=""))
                | Q(kind__in=["operators", "market"]),
            )
        ]
        triggers = [*AppendOnly.Meta.triggers, keeps_turn()]

    def __str__(self) -> str:
        return self.get_kind_display()


class Delegation(models.Model):
    """A mission entrusted to one of the five operators. The first acceptance allows support to start; the last refusal
    returns the file to the agency."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="delegations")
    answer = models.ForeignKey(NationalAnswer, models.PROTECT, null=True, related_name="delegations")
    operator = models.ForeignKey("operators.Provider", models.PROTECT, related_name="delegations")
    state = models.CharField(max_length=12, choices=DelegationState.choices, default=DelegationState.ASKED)
    mission = models.TextField(max_length=2000)
    expected_on = models.DateField("réponse attendue le", null=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decline_reason = models.CharField(max_length=16, choices=DeclineReason.choices, blank=True)
    answer_text = models.TextField("réponse", max_length=2000, blank=True)
    #: What the applicant may read of a refusal.
    public_answer = models.CharField(max_length=300, blank=True)
    contact = models.CharField("interlocuteur", max_length=200, blank=True)
    starts_on = models.DateField("début", null=True)

    class Meta:
        verbose_name = "délégation"
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request", "operator"],
                condition=Q(state__in=["asked", "accepted"]),
                name="one_live_delegation_an_operator",
            ),
            models.CheckConstraint(
                name="delegation_answer_is_dated",
                condition=Q(state__in=["asked", "cancelled"]) | Q(answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="delegation_declined_says_why", condition=~Q(state="declined") | ~Q(decline_reason="")
            ),
        ]
        indexes = [models.Index(fields=["operator", "state", "-asked_at"], name="delegation_by_operator")]

    def __str__(self) -> str:
        return f"{self.operator} — {self.get_state_display()}"


class Agreement(models.Model):
    """The tripartite agreement of a market mission: three dates, amounts in euros, and why an outside service.

    R1232-12: the prefect prepares and signs, the director general commits. VAT rate in percent.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    support_request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="agreements")
    answer = models.OneToOneField(NationalAnswer, models.PROTECT, related_name="agreement")
    lot = models.CharField("lot de l’accord-cadre", max_length=200)
    outside_reason = models.TextField("pourquoi une prestation externe", max_length=2000)
    mission = models.TextField(max_length=2000, blank=True)
    days = models.PositiveSmallIntegerField("jours", null=True, blank=True)
    amount_excl_tax = models.DecimalField("montant HT", max_digits=10, decimal_places=2)
    tax_rate = models.DecimalField("taux de TVA", max_digits=4, decimal_places=2)
    amount_incl_tax = models.DecimalField("montant TTC", max_digits=10, decimal_places=2)
    agency_share = models.DecimalField("part de l’Agence (%)", max_digits=5, decimal_places=2)
    deliberated_on = models.DateField("délibération", null=True)
    prefect_signature = models.OneToOneField("requests.Signature", models.PROTECT, null=True, related_name="agreement")
    prefect_signed_on = models.DateField("signature du préfet", null=True)
    body_signed_on = models.DateField("signature de la collectivité", null=True)
    body_signed_by = models.CharField(max_length=200, blank=True)
    body_recorded_at = models.DateTimeField(null=True)
    committed_on = models.DateField("engagement de la direction générale", null=True)
    committed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    commitment_recorded_at = models.DateTimeField(null=True)
    order_number = models.CharField("bon de commande", max_length=60, blank=True)
    contractor = models.ForeignKey("accounts.Organisation", models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField("début", null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "convention"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["support_request"], condition=Q(cancelled_at__isnull=True), name="one_live_agreement"
            ),
            models.CheckConstraint(
                name="agreement_signed_before_commitment",
                condition=Q(committed_on__isnull=True)
                | Q(prefect_signed_on__isnull=False, body_signed_on__isnull=False),
                violation_error_message="L’engagement suit les deux signatures.",
            ),
            models.CheckConstraint(
                name="agreement_order_follows_commitment",
                condition=Q(order_number="", contractor__isnull=True) | Q(committed_on__isnull=False),
            ),
            models.CheckConstraint(
                name="agreement_amounts_in_order", condition=Q(amount_incl_tax__gte=F("amount_excl_tax"))
            ),
        ]
        triggers = [keeps_turn()]

    def __str__(self) -> str:
        return f"convention — {self.lot}"
