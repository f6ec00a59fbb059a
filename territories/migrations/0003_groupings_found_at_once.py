from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("territories", "0002_terms_survive_a_restore")]

    operations = [
        migrations.AddIndex(
            model_name="collectivity",
            index=models.Index(
                condition=models.Q(("kind", "epci")), fields=["normalised_name"], name="collectivity_epci"
            ),
        ),
    ]
