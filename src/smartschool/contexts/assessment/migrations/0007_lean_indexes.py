"""An attempt is found by its pupil through the index that allows one attempt a paper."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessment", "0006_organisation_by_row_security"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="attempt",
            name="attempt_once",
        ),
        migrations.RemoveIndex(
            model_name="attempt",
            name="attempt_pupil",
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("enrolment", "paper"), name="attempt_of_pupil_once"),
        ),
    ]
