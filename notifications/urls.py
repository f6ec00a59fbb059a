"""Addresses of the development mailbox."""

from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("_courriels/", views.mails, name="mails"),
    path("_courriels/<slug:name>/", views.mail, name="mail"),
    path("_courriels/<slug:name>/html", views.mail_html, name="mail-html"),
]
