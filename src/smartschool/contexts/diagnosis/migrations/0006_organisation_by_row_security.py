"""The organisation of an own report is held by row security alone."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0005_lean_attempts"),
        ("directory", "0003_headcount"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pupilreport",
            name="organisation",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.organisation",
            ),
        ),
    ]
