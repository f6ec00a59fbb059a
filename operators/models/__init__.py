from operators.models.absence import ProviderAbsence
from operators.models.coverage import CoverageCell, CoverageJob, OfferReach
from operators.models.load import OfferLoad, OfferLoadProgress
from operators.models.membership import Membership
from operators.models.offer import Offer, OfferCoverage
from operators.models.provider import FrameworkAgreement, Provider
from operators.models.publication import Publication
from operators.models.redirection import Redirection
from operators.models.revision import OfferRevision
from operators.models.subject import Subject

__all__ = [
    "CoverageCell",
    "CoverageJob",
    "FrameworkAgreement",
    "Membership",
    "Offer",
    "OfferCoverage",
    "OfferLoad",
    "OfferLoadProgress",
    "OfferReach",
    "OfferRevision",
    "Provider",
    "ProviderAbsence",
    "Publication",
    "Redirection",
    "Subject",
]
