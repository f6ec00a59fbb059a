from django.urls import path

from reports.views import statistics

app_name = "reports"

urlpatterns = [path("statistiques/", statistics.statistics, name="statistics")]
