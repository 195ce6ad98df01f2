
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0010_queue_text_search'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=210, verbose_name='file name')),
                ('content_type', models.CharField(max_length=100, verbose_name='type')),
                ('size_bytes', models.PositiveIntegerField(verbose_name='size in bytes')),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('content', models.BinaryField(verbose_name='content')),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='reconciliation.discrepancystep', verbose_name='step')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ('pk',),
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('size_bytes__gt', 0)), name='attachment_is_not_empty')],
            },
        ),
    ]
