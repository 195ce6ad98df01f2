"""An entry of the journal says in which request it was written. With a default in the database, for the former program goes on writing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shops', '0026_invitations'),
    ]

    operations = [
        migrations.AddField(
            model_name='exchangeevent',
            name='request_id',
            field=models.CharField(blank=True, db_default='', default='', help_text="As the log of the program and the answer's X-Request-ID name it.", max_length=64, verbose_name='request'),
        ),
    ]
