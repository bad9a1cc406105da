"""Indexes that no question uses are not kept up: they cost every import a tenth of its writing."""

import django.db.models.deletion
from django.db import migrations, models

import smartschool.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0003_headcount"),
    ]

    operations = [
        migrations.AlterField(
            model_name="enrolment",
            name="code",
            field=models.TextField(default=smartschool.kernel.ids.short_code),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="organisation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.organisation",
            ),
        ),
        migrations.AlterField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.person",
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="person_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.UniqueConstraint(fields=("code",), name="enrolment_code_once"),
        ),
    ]
