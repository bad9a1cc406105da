"""Ring 3 for the tables of diagnosis."""

from django.db import migrations

from smartschool.kernel.rls import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("diagnosis", "0001_initial")]
    operations = [
        EnableRowSecurity("diagnosis_analysisrun", "aggregate_orgs"),
        EnableRowSecurity("diagnosis_itemfigure", "aggregate_orgs"),
        EnableRowSecurity("diagnosis_classfigure"),
        EnableRowSecurity("diagnosis_pupilreport"),
        EnableRowSecurity("diagnosis_release"),
        EnableRowSecurity("diagnosis_rawexport"),
    ]
