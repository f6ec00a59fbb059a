"""One file for each moment of a request's life."""

from requests.models.exchanges import Document, Message, SupportRequestUserObjectPermission
from requests.models.followup import Closing, FollowUpEntry, Recommendation, Survey, Suspension
from requests.models.held import HeldAct
from requests.models.history import Note, Transition
from requests.models.intake import (
    CatalogueAnswer,
    ConcernedDepartment,
    Draft,
    DraftFile,
    ReferenceCounter,
    SupportRequest,
)
from requests.models.referral import (
    Agreement,
    Delegation,
    FundingRule,
    FundingTest,
    NationalAnswer,
    Referral,
    ReferralMotive,
    Signature,
)
from requests.models.simulation import Replay, ScenarioOffer, SimulatedBody, SimulatedRequest, Simulation
from requests.models.solution import Reminder, Solicitation, Solution, SolutionLine
from requests.models.triage import Assignment, Decision, Dispatch, ReadingLog, RoutingAssessment, RoutingJob
from requests.models.visits import Visit

__all__ = [
    "Agreement",
    "Assignment",
    "CatalogueAnswer",
    "Closing",
    "ConcernedDepartment",
    "Decision",
    "Delegation",
    "Dispatch",
    "Document",
    "Draft",
    "DraftFile",
    "FollowUpEntry",
    "FundingRule",
    "FundingTest",
    "HeldAct",
    "Message",
    "NationalAnswer",
    "Note",
    "ReadingLog",
    "Recommendation",
    "ReferenceCounter",
    "Referral",
    "ReferralMotive",
    "Reminder",
    "Replay",
    "RoutingAssessment",
    "RoutingJob",
    "ScenarioOffer",
    "Signature",
    "SimulatedBody",
    "SimulatedRequest",
    "Simulation",
    "Solicitation",
    "Solution",
    "SolutionLine",
    "SupportRequest",
    "SupportRequestUserObjectPermission",
    "Survey",
    "Suspension",
    "Transition",
    "Visit",
]
