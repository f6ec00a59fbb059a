from operators.models.coverage import CoverageCell
from operators.models.offer import Offer, OfferCoverage
from operators.models.provider import FrameworkAgreement, Provider
from operators.models.subject import Subject

__all__ = ["CoverageCell", "FrameworkAgreement", "Offer", "OfferCoverage", "Provider", "Subject"]
