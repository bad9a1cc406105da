"""A report is found by its pupil through the index that allows one a version; figures are kept as they come."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("diagnosis", "0006_organisation_by_row_security"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="pupilreport",
            name="pupil_report_once",
        ),
        migrations.RemoveIndex(
            model_name="pupilreport",
            name="pupil_report_of_pupil",
        ),
        migrations.AddConstraint(
            model_name="pupilreport",
            constraint=models.UniqueConstraint(fields=("enrolment", "run"), name="pupil_report_of_run_once"),
        ),
        migrations.RunSQL(
            "ALTER TABLE diagnosis_classfigure ALTER COLUMN numbers SET STORAGE EXTERNAL",
            "ALTER TABLE diagnosis_classfigure ALTER COLUMN numbers SET STORAGE EXTENDED",
        ),
    ]
