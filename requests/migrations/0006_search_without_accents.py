import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):
    """A generated column is not altered: it is made again."""

    dependencies = [
        ("requests", "0005_agreement_recorded_at"),
        ("territories", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField("supportrequest", "words"),
        migrations.AddField(
            model_name="supportrequest",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.contrib.postgres.search.SearchVector(
                    "title",
                    "public_title",
                    "need",
                    models.Func(models.F("title"), function="territories_normalise"),
                    models.Func(models.F("public_title"), function="territories_normalise"),
                    models.Func(models.F("need"), function="territories_normalise"),
                    config="french",
                ),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
    ]
