"""How many people an organisation has, for the levels above; 统一社会信用代码 of an organisation."""

import django.db.models.deletion
from django.db import migrations, models

from smartschool.kernel.rls import EnableRowSecurity

# The rows that are here already are counted once; from now on `records.recount` does it.
_COUNT = """
INSERT INTO directory_headcount (organisation_id, pupils, staff, full_time)
SELECT o.id,
       (SELECT count(*) FROM directory_enrolment e WHERE e.organisation_id = o.id AND e.valid_to IS NULL),
       count(s.id), coalesce(sum(s.share), 0)
FROM directory_organisation o
LEFT JOIN directory_staffrecord s ON s.organisation_id = o.id AND s.valid_to IS NULL
GROUP BY o.id
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_row_security")]
    operations = [
        migrations.AddField(
            model_name="organisation", name="credit_code", field=models.TextField(default="")
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                fields=["credit_code"],
                condition=models.Q(("credit_code", ""), _negated=True),
                name="organisation_credit_code_once",
            ),
        ),
        migrations.CreateModel(
            name="Headcount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("pupils", models.IntegerField(default=0)),
                ("staff", models.IntegerField(default=0)),
                ("full_time", models.DecimalField(decimal_places=2, default=0, max_digits=7)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.organisation",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.AddConstraint(
            model_name="headcount",
            constraint=models.UniqueConstraint(fields=("organisation",), name="headcount_once"),
        ),
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
        EnableRowSecurity("directory_headcount", "aggregate_orgs"),
    ]
