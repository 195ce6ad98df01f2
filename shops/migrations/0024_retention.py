"""Lets a shop say how long it keeps the texts of its journal, and records what was removed."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shops", "0023_exchange_body_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(help_text="Its first day. Months of UTC.", verbose_name="month")),
                ("at", models.DateTimeField(verbose_name="removed")),
                ("entries", models.PositiveIntegerField(default=0, verbose_name="entries")),
                ("size_bytes", models.PositiveBigIntegerField(default=0, verbose_name="size in bytes")),
                ("fragments", models.PositiveIntegerField(default=0, verbose_name="fragments")),
                ("digest", models.CharField(max_length=64, verbose_name="digest of the digests")),
                ("is_whole", models.BooleanField(default=False, verbose_name="with the whole month of all shops")),
            ],
            options={
                "verbose_name": "removal by retention",
                "verbose_name_plural": "removals by retention",
                "ordering": ("-at", "-pk"),
            },
        ),
        migrations.AddField(
            model_name="shop",
            name="journal_retention_months",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Empty: for ever. Then the texts of messages are removed, as far as their month is closed and no open discrepancy needs them; bills, receipts and decisions stay. In Russia primary accounting documents are to be kept for at least five years after the reporting year (Federal law 402-FZ, article 29, part 1): 72 months always comply.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="texts of the journal are kept, months",
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("journal_retention_months", None), ("journal_retention_months__gte", 1), _connector="OR"
                ),
                name="journal_is_kept_for_some_months",
            ),
        ),
        migrations.AddField(
            model_name="retentionrun",
            name="shop",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="retention_runs",
                to="shops.shop",
                verbose_name="shop",
            ),
        ),
        migrations.AddIndex(
            model_name="retentionrun",
            index=models.Index(fields=["shop", "month"], name="retention_run_by_month"),
        ),
    ]
