"""Catalogue as the API gives it: every field is named, nothing is written."""

from typing import Any

from rest_framework import serializers

from operators.models import Offer, OfferCoverage, Provider


class ProviderSerializer(serializers.ModelSerializer[Provider]):
    family = serializers.CharField(read_only=True, help_text="local, operator or agency")
    department = serializers.CharField(source="department_id", read_only=True, allow_null=True)

    class Meta:
        model = Provider
        fields = [
            "code",
            "kind",
            "family",
            "name",
            "short_name",
            "mission",
            "department",
            "email",
            "telephone",
            "website",
            "illustrative",
            "verified_on",
            "is_active",
        ]
        read_only_fields = fields


class OfferProviderSerializer(serializers.ModelSerializer[Provider]):
    family = serializers.CharField(read_only=True)

    class Meta:
        model = Provider
        fields = ["code", "kind", "family", "name"]
        read_only_fields = fields


class OfferCoverageSerializer(serializers.ModelSerializer[OfferCoverage]):
    class Meta:
        model = OfferCoverage
        fields = ["level", "code", "excluded"]
        read_only_fields = fields


class OfferSerializer(serializers.ModelSerializer[Offer]):
    provider = OfferProviderSerializer(read_only=True)
    coverage = OfferCoverageSerializer(many=True, read_only=True)
    subjects: Any = serializers.SlugRelatedField(slug_field="code", many=True, read_only=True)

    class Meta:
        model = Offer
        fields = [
            "uuid",
            "code",
            "title",
            "provider",
            "description",
            "themes",
            "subjects",
            "engineering_types",
            "services",
            "phases",
            "body_kinds",
            "population_min",
            "population_max",
            "membership_required",
            "membership_label",
            "programmes_required",
            "zonings_required",
            "coverage",
            "legal_mode",
            "price_model",
            "price_label",
            "conditions",
            "delay_days",
            "capacity_left",
            "valid_from",
            "valid_to",
            "source_url",
            "verified_on",
            "status",
            "agreed_beforehand",
            "illustrative",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
