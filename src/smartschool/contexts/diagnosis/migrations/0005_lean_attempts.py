"""Own reports carry no index twice, and no constraint that their attempts hold already."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0004_paper_calibration"),
        ("directory", "0003_headcount"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pupilreport",
            name="enrolment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.enrolment",
            ),
        ),
        migrations.AlterField(
            model_name="pupilreport",
            name="home_class",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.homeclass",
            ),
        ),
        migrations.AlterField(
            model_name="pupilreport",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pupils",
                to="diagnosis.analysisrun",
            ),
        ),
    ]
