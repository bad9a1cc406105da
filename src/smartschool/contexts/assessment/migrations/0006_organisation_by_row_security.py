"""The organisation of an attempt is held by row security alone."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessment", "0005_lean_attempts"),
        ("directory", "0003_headcount"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="organisation",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.organisation",
            ),
        ),
    ]
