"""Ring 3 for the tables of exchange."""

from django.db import migrations

from smartschool.kernel.rls import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]
    operations = [
        EnableRowSecurity("exchange_importrun"),
        EnableRowSecurity("exchange_headermapping"),
    ]
