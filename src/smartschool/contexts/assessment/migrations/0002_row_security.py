"""Ring 3 for the tables of assessment; history is insert-only."""

from django.db import migrations

from smartschool.kernel.rls import EnableRowSecurity, InsertOnly

DEFINITIONS = ("exam", "regulationrequest", "paper", "item", "itempoint", "paperrevision")


class Migration(migrations.Migration):
    dependencies = [("assessment", "0001_initial")]
    operations = [
        *[EnableRowSecurity(f"assessment_{name}", "aggregate_orgs") for name in DEFINITIONS],
        EnableRowSecurity("assessment_regulationapproval", "shared_orgs"),
        EnableRowSecurity("assessment_attempt"),
        EnableRowSecurity("assessment_markcorrection"),
        InsertOnly("assessment_paperrevision"),
        InsertOnly("assessment_markcorrection"),
        InsertOnly("assessment_regulationapproval"),
    ]
