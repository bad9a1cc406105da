"""Calibrations of papers, kept with the version of the analysis that they explain."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from smartschool.kernel.rls import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("diagnosis", "0003_figures_as_numbers"), ("directory", "0002_row_security")]
    operations = [
        migrations.CreateModel(
            name="PaperCalibration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("n_pupils", models.IntegerField()),
                ("algorithm", models.TextField()),
                ("model", models.TextField()),
                ("settings", models.JSONField()),
                ("cautions", models.JSONField()),
                ("refusal", models.JSONField(null=True)),
                ("items", models.JSONField()),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.organisation",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calibrations",
                        to="diagnosis.analysisrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "sources", "algorithm"), name="paper_calibration_once"
                    )
                ],
            },
        ),
        EnableRowSecurity("diagnosis_papercalibration"),
    ]
