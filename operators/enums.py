"""Choices of the catalogue, built from ``operators.matching.vocabulary`` (values and labels stand there)."""

from django.db import models

from operators.matching import vocabulary as v


class Theme(models.TextChoices):
    TER = v.Theme.TER.value, v.Theme.TER.label
    DEV = v.Theme.DEV.value, v.Theme.DEV.label
    JES = v.Theme.JES.value, v.Theme.JES.label
    COM = v.Theme.COM.value, v.Theme.COM.label
    NUM = v.Theme.NUM.value, v.Theme.NUM.label
    LOG = v.Theme.LOG.value, v.Theme.LOG.label
    PAR = v.Theme.PAR.value, v.Theme.PAR.label
    CUL = v.Theme.CUL.value, v.Theme.CUL.label
    PDT = v.Theme.PDT.value, v.Theme.PDT.label


class EngineeringType(models.TextChoices):
    TECHNICAL = v.EngineeringType.TECHNICAL.value, v.EngineeringType.TECHNICAL.label
    FINANCIAL = v.EngineeringType.FINANCIAL.value, v.EngineeringType.FINANCIAL.label
    LEGAL = v.EngineeringType.LEGAL.value, v.EngineeringType.LEGAL.label
    STRATEGIC = v.EngineeringType.STRATEGIC.value, v.EngineeringType.STRATEGIC.label
    DIGITAL = v.EngineeringType.DIGITAL.value, v.EngineeringType.DIGITAL.label


class Service(models.TextChoices):
    DIAGNOSIS = v.Service.DIAGNOSIS.value, v.Service.DIAGNOSIS.label
    STRATEGY = v.Service.STRATEGY.value, v.Service.STRATEGY.label
    FEASIBILITY = v.Service.FEASIBILITY.value, v.Service.FEASIBILITY.label
    PROGRAMMING = v.Service.PROGRAMMING.value, v.Service.PROGRAMMING.label
    PARTICIPATION = v.Service.PARTICIPATION.value, v.Service.PARTICIPATION.label
    FUNDING_SEARCH = v.Service.FUNDING_SEARCH.value, v.Service.FUNDING_SEARCH.label
    EXPERTISE = v.Service.EXPERTISE.value, v.Service.EXPERTISE.label
    PROJECT_MANAGEMENT = v.Service.PROJECT_MANAGEMENT.value, v.Service.PROJECT_MANAGEMENT.label
    LEGAL_SUPPORT = v.Service.LEGAL_SUPPORT.value, v.Service.LEGAL_SUPPORT.label
    INTRODUCTION = v.Service.INTRODUCTION.value, v.Service.INTRODUCTION.label


class Phase(models.TextChoices):
    EMERGENCE = v.Phase.EMERGENCE.value, v.Phase.EMERGENCE.label
    FRAMING = v.Phase.FRAMING.value, v.Phase.FRAMING.label
    FEASIBILITY = v.Phase.FEASIBILITY.value, v.Phase.FEASIBILITY.label
    PROGRAMMING = v.Phase.PROGRAMMING.value, v.Phase.PROGRAMMING.label
    DESIGN = v.Phase.DESIGN.value, v.Phase.DESIGN.label
    WORKS = v.Phase.WORKS.value, v.Phase.WORKS.label
    OPERATION = v.Phase.OPERATION.value, v.Phase.OPERATION.label


class BodyKind(models.TextChoices):
    COMMUNE = v.BodyKind.COMMUNE.value, v.BodyKind.COMMUNE.label
    EPCI = v.BodyKind.EPCI.value, v.BodyKind.EPCI.label
    EPT = v.BodyKind.EPT.value, v.BodyKind.EPT.label
    DEPARTMENT = v.BodyKind.DEPARTMENT.value, v.BodyKind.DEPARTMENT.label
    REGION = v.BodyKind.REGION.value, v.BodyKind.REGION.label
    OVERSEAS = v.BodyKind.OVERSEAS.value, v.BodyKind.OVERSEAS.label
    SYNDICATE = v.BodyKind.SYNDICATE.value, v.BodyKind.SYNDICATE.label
    PETR = v.BodyKind.PETR.value, v.BodyKind.PETR.label
    OTHER = v.BodyKind.OTHER.value, v.BodyKind.OTHER.label


class ProviderKind(models.TextChoices):
    OPERATOR = v.ProviderKind.OPERATOR.value, v.ProviderKind.OPERATOR.label
    AGENCY = v.ProviderKind.AGENCY.value, v.ProviderKind.AGENCY.label
    STATE_SERVICE = v.ProviderKind.STATE_SERVICE.value, v.ProviderKind.STATE_SERVICE.label
    DEPARTMENT_COUNCIL = v.ProviderKind.DEPARTMENT_COUNCIL.value, v.ProviderKind.DEPARTMENT_COUNCIL.label
    TECHNICAL_AGENCY = v.ProviderKind.TECHNICAL_AGENCY.value, v.ProviderKind.TECHNICAL_AGENCY.label
    CAUE = v.ProviderKind.CAUE.value, v.ProviderKind.CAUE.label
    PLANNING_AGENCY = v.ProviderKind.PLANNING_AGENCY.value, v.ProviderKind.PLANNING_AGENCY.label
    EPF = v.ProviderKind.EPF.value, v.ProviderKind.EPF.label
    ADIL = v.ProviderKind.ADIL.value, v.ProviderKind.ADIL.label
    ENERGY_SYNDICATE = v.ProviderKind.ENERGY_SYNDICATE.value, v.ProviderKind.ENERGY_SYNDICATE.label
    CHAMBER = v.ProviderKind.CHAMBER.value, v.ProviderKind.CHAMBER.label
    REGIONAL_PARK = v.ProviderKind.REGIONAL_PARK.value, v.ProviderKind.REGIONAL_PARK.label
    PETR = v.ProviderKind.PETR.value, v.ProviderKind.PETR.label
    OTHER_PUBLIC = v.ProviderKind.OTHER_PUBLIC.value, v.ProviderKind.OTHER_PUBLIC.label


class LegalMode(models.TextChoices):
    FREE_BY_RIGHT = v.LegalMode.FREE_BY_RIGHT.value, v.LegalMode.FREE_BY_RIGHT.label
    MEMBERSHIP = v.LegalMode.MEMBERSHIP.value, v.LegalMode.MEMBERSHIP.label
    SHAREHOLDING = v.LegalMode.SHAREHOLDING.value, v.LegalMode.SHAREHOLDING.label
    DEPARTMENT_AGREEMENT = v.LegalMode.DEPARTMENT_AGREEMENT.value, v.LegalMode.DEPARTMENT_AGREEMENT.label
    TENDER = v.LegalMode.TENDER.value, v.LegalMode.TENDER.label
    OPERATOR_AGREEMENT = v.LegalMode.OPERATOR_AGREEMENT.value, v.LegalMode.OPERATOR_AGREEMENT.label


class PriceModel(models.TextChoices):
    FREE = v.PriceModel.FREE.value, v.PriceModel.FREE.label
    MEMBERSHIP = v.PriceModel.MEMBERSHIP.value, v.PriceModel.MEMBERSHIP.label
    COFINANCED = v.PriceModel.COFINANCED.value, v.PriceModel.COFINANCED.label
    PAID = v.PriceModel.PAID.value, v.PriceModel.PAID.label


class Level(models.TextChoices):
    NATION = v.Level.NATION.value, v.Level.NATION.label
    REGION = v.Level.REGION.value, v.Level.REGION.label
    DEPARTMENT = v.Level.DEPARTMENT.value, v.Level.DEPARTMENT.label
    ARRONDISSEMENT = v.Level.ARRONDISSEMENT.value, v.Level.ARRONDISSEMENT.label
    EPCI = v.Level.EPCI.value, v.Level.EPCI.label
    COMMUNE = v.Level.COMMUNE.value, v.Level.COMMUNE.label


class OfferStatus(models.TextChoices):
    DRAFT = v.OfferStatus.DRAFT.value, v.OfferStatus.DRAFT.label
    IN_REVIEW = v.OfferStatus.IN_REVIEW.value, v.OfferStatus.IN_REVIEW.label
    PUBLISHED = v.OfferStatus.PUBLISHED.value, v.OfferStatus.PUBLISHED.label
    EXPIRED = v.OfferStatus.EXPIRED.value, v.OfferStatus.EXPIRED.label


class RevisionKind(models.TextChoices):
    CREATED = "created", "Créée"
    EDITED = "edited", "Modifiée"
    SUBMITTED = "submitted", "Envoyée à la relecture"
    PROPOSED = "proposed", "Modification envoyée à la relecture"
    PUBLISHED = "published", "Publiée"
    RETURNED = "returned", "Renvoyée"
    GIVEN_UP = "given_up", "Modification abandonnée"
    VERIFIED = "verified", "Confirmée à jour"
    QUESTIONED = "questioned", "Confirmation demandée"
    WITHDRAWN = "withdrawn", "Retirée du catalogue"
    EXPIRED = "expired", "Arrivée à son terme"


class QuestionReason(models.TextChoices):
    """Why a keeper is asked whether his offer still holds."""

    EXPIRING = "expiring", "elle arrive à son terme"
    STALE = "stale", "elle n’a pas été vérifiée depuis un an"
    DECLINED = "declined", "elle a été déclinée deux fois"


class LoadState(models.TextChoices):
    """Where a spreadsheet of offers stands."""

    READING = "reading", "Lecture en cours"
    READY = "ready", "À appliquer"
    REFUSED = "refused", "À corriger"
    APPLYING = "applying", "Application en cours"
    APPLIED = "applied", "Appliqué"
    ABANDONED = "abandoned", "Abandonné"


class SubjectGroup(models.TextChoices):
    SERVICES = v.SubjectGroup.SERVICES.value, v.SubjectGroup.SERVICES.label
    ACTIVITY = v.SubjectGroup.ACTIVITY.value, v.SubjectGroup.ACTIVITY.label
    LIVING = v.SubjectGroup.LIVING.value, v.SubjectGroup.LIVING.label
    ENVIRONMENT = v.SubjectGroup.ENVIRONMENT.value, v.SubjectGroup.ENVIRONMENT.label


class RedirectionReason(models.TextChoices):
    """Why the desk sends a request elsewhere. Files carry these values: never reused."""

    OUT_OF_SCOPE = "out_of_scope", "Hors du champ du guichet"
    GRANT = "grant", "Demande de subvention"
    WORKS = "works", "Maîtrise d’œuvre ou travaux"
    OTHER_BODY = "other_body", "Relève d’une autre collectivité"
    OTHER_SERVICE = "other_service", "Un autre service répond mieux"
    DUPLICATE = "duplicate", "Demande déjà déposée"
