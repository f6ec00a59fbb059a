"""Reference data of the catalogue. Business acts on offers (publication, expiry) have services of their own."""

from django.contrib import admin

from operators.models import FrameworkAgreement, Offer, OfferCoverage, Provider, Redirection, Subject


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
    readonly_fields = ("is_active",)
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
    inlines = (OfferCoverageInline,)

    def has_add_permission(self, request: object) -> bool:
        """Offers are written in the catalogue, whose services keep their history and tell what follows them."""
        return False

    def has_change_permission(self, request: object, obj: Offer | None = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: Offer | None = None) -> bool:
        return False


@admin.register(Redirection)
class RedirectionAdmin(admin.ModelAdmin):
    """Files keep the words and the address under which they were redirected: changing these is for the next ones."""

    list_display = ("label", "target", "verified_on", "is_active")
    list_filter = ("is_active", "reason")
    search_fields = ("label", "target", "code")
    prepopulated_fields = {"code": ("label",)}

    def has_delete_permission(self, request: object, obj: Redirection | None = None) -> bool:
        """The seed would write it again: one no longer proposed is made inactive."""
        return False
