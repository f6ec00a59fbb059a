"""Reference data of the catalogue. Business acts on offers (publication, expiry) have services of their own."""

from django.contrib import admin

from operators.models import FrameworkAgreement, Offer, OfferCoverage, Provider, Subject


@admin.register(Subject)
class SubjectAdmin(admin.ModelAdmin):
    list_display = ("label", "group", "theme", "order", "is_active")
    list_filter = ("group", "theme", "is_active")
    search_fields = ("label", "code")

    def has_delete_permission(self, request: object, obj: Subject | None = None) -> bool:
        """Files refer to subjects by their code: one no longer proposed is made inactive."""
        return False


class FrameworkAgreementInline(admin.TabularInline):
    model = FrameworkAgreement
    extra = 0


@admin.register(Provider)
class ProviderAdmin(admin.ModelAdmin):
    list_display = ("name", "kind", "department", "is_active", "illustrative", "verified_on")
    list_filter = ("kind", "is_active", "illustrative")
    list_select_related = ("department",)
    search_fields = ("name", "code")
    raw_id_fields = ("organisation", "department")
    inlines = (FrameworkAgreementInline,)


class OfferCoverageInline(admin.TabularInline):
    model = OfferCoverage
    extra = 0


@admin.register(Offer)
class OfferAdmin(admin.ModelAdmin):
    list_display = ("title", "provider", "status", "valid_to", "verified_on", "illustrative")
    list_filter = ("status", "illustrative", "legal_mode", "price_model")
    list_select_related = ("provider",)
    search_fields = ("title", "code", "provider__name")
    readonly_fields = ("uuid", "created_at", "updated_at")
    raw_id_fields = ("provider",)
    filter_horizontal = ("subjects",)
    inlines = (OfferCoverageInline,)
