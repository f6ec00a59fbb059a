"""Every address of the portal, app by app. Each app's ``urls.py`` writes its addresses whole, from the root."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views import debug

from anct_portal import api, demonstration, pages

handler400 = "anct_portal.pages.bad_request"
handler403 = "anct_portal.pages.forbidden"
handler404 = "anct_portal.pages.not_found"
handler500 = "anct_portal.pages.server_error"

PUBLIC_PAGES = (
    [
        path("", pages.home, name="home"),
        path("accessibilite/", pages.accessibility, name="accessibility"),
        path("mentions-legales/", pages.legal, name="legal"),
        path("donnees-personnelles/", pages.privacy, name="privacy"),
        path("plan-du-site/", pages.sitemap, name="sitemap"),
        path("mon-espace/", pages.start, name="start"),
        path("_comptes/", demonstration.accounts, name="accounts"),
    ],
    "pages",
)

APPS = (
    "common",
    "accounts",
    "territories",
    "programmes",
    "operators",
    "committees",
    "notifications",
    "requests",
    "reports",
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(PUBLIC_PAGES)),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api.urlpatterns, "api"))),
    *(path("", include(f"{app}.urls")) for app in APPS if find_spec(f"{app}.urls")),
]

if settings.DEBUG:  # in development too, what does not exist is said in the portal's words
    debug.technical_404_response = pages.not_found
