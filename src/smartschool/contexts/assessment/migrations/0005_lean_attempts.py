"""Attempts carry no index twice: what stands first in another index needs none of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessment", "0004_correction_source"),
        ("directory", "0003_headcount"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="enrolment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.enrolment",
            ),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="home_class",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.homeclass",
            ),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="paper",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="assessment.paper",
            ),
        ),
    ]
