"""Whether a bill is paid stands on it, so that what is outstanding is found among a million bills."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shops', '0015_owner_page_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='bill',
            name='is_paid',
            field=models.BooleanField(default=False, editable=False, help_text='As it was last judged: nothing of it is left to pay.', verbose_name='paid in full'),
        ),
    ]
