from django.urls import path

from programmes import views

app_name = "programmes"

urlpatterns = [
    path("programmes/", views.programmes, name="list"),
    path("programmes/<slug:code>/", views.programme, name="detail"),
]
