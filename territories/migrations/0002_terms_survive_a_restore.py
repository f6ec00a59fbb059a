from django.db import migrations

from territories.names import TERMS_SQL


class Migration(migrations.Migration):
    dependencies = [("territories", "0001_initial")]

    operations = [migrations.RunSQL(TERMS_SQL, migrations.RunSQL.noop)]
