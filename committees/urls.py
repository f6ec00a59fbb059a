from django.urls import path

from committees import views

app_name = "committees"

urlpatterns = [
    path("clct/", views.committees, name="list"),
    path("clct/<slug:department>/", views.committee, name="detail"),
]
