"""Addresses of the territories, whole from the root."""

from django.urls import path

from territories.views import completion, desks, territory

app_name = "territories"
urlpatterns = [
    path("territoires/", territory.index, name="index"),
    path("territoires/completion/", completion.complete, name="complete"),
    path("territoires/<str:code>/", territory.detail, name="detail"),
    path("guichets/", desks.finder, name="desk-finder"),
]
