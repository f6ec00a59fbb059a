from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("operators", "0011_coverage_asked_for"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="offer",
            name="offer_returned_no_longer_waits",
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(("returned__isnull", True), ("pending__isnull", True), _connector="OR"),
                name="offer_returned_no_longer_waits",
            ),
        ),
    ]
