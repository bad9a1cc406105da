"""Ring 3 for the tables of directory."""

from django.db import migrations

from smartschool.kernel.rls import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]
    operations = [
        EnableRowSecurity("directory_homeclass", "aggregate_orgs"),
        EnableRowSecurity("directory_enrolment"),
        EnableRowSecurity("directory_placement"),
        EnableRowSecurity("directory_guardianship"),
        EnableRowSecurity("directory_staffrecord"),
        EnableRowSecurity("directory_appointment"),
        EnableRowSecurity("directory_teachingassignment"),
    ]
