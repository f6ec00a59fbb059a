"""Territories as the API shows them: read only."""

from typing import Any

from rest_framework import serializers

from territories.models import Collectivity, Department, Desk


class DeskSerializer(serializers.ModelSerializer[Desk]):
    class Meta:
        model = Desk
        fields = [
            "label",
            "service_name",
            "service_acronym",
            "address",
            "telephone",
            "email",
            "opening_hours",
            "illustrative",
        ]
        read_only_fields = fields


class DepartmentSerializer(serializers.ModelSerializer[Department]):
    region: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="code", read_only=True)
    region_name = serializers.CharField(source="region.name", default=None, read_only=True)
    desk = DeskSerializer(read_only=True, default=None)

    class Meta:
        model = Department
        fields = [
            "code",
            "name",
            "kind",
            "region",
            "region_name",
            "zone",
            "time_zone",
            "prefecture_name",
            "chief_town",
            "population",
            "population_vintage",
            "is_current",
            "desk",
        ]
        read_only_fields = fields


class GroupingSerializer(serializers.ModelSerializer[Collectivity]):
    class Meta:
        model = Collectivity
        fields = ["code", "name", "kind", "siren"]
        read_only_fields = fields


class CollectivitySerializer(serializers.ModelSerializer[Collectivity]):
    """``department`` is the lead one; ``departments`` holds all those on which the body stands."""

    department: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="code", read_only=True)
    departments = serializers.SerializerMethodField()
    arrondissement: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="code", read_only=True)
    groupings = GroupingSerializer(many=True, read_only=True)

    class Meta:
        model = Collectivity
        fields = [
            "code",
            "kind",
            "name",
            "legal_form",
            "insee_code",
            "siren",
            "population",
            "population_vintage",
            "population_column",
            "department",
            "departments",
            "arrondissement",
            "postal_codes",
            "latitude",
            "longitude",
            "groupings",
            "is_current",
            "fictitious",
        ]
        read_only_fields = fields

    def get_departments(self, collectivity: Collectivity) -> list[str]:
        return sorted(link.department_id for link in collectivity.department_links.all())
