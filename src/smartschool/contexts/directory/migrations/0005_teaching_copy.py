"""Which lessons one copying of the term before wrote: so that it can be taken back as one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_lean_indexes")]
    operations = [
        migrations.AddField("teachingassignment", "copy", models.TextField(default="", db_default="")),
    ]
