"""Makes the shifts of the receipts and documents that are there already."""

from django.db import migrations
from django.db.models import Q

OPENING, CLOSING, REPORT = "OPEN_SESSION", "CLOSE_SESSION", "Z_REPORT"


def learn_shifts(apps, schema_editor):
    Receipt, Shift = apps.get_model("shops", "Receipt"), apps.get_model("shops", "Shift")
    named = Receipt.objects.exclude(terminal=None).exclude(shift="").order_by().values_list("shop", "terminal", "shift")
    Shift.objects.bulk_create(
        [Shift(shop_id=shop, terminal_id=terminal, key=key) for shop, terminal, key in named.distinct()],
        batch_size=500,
    )
    documents = apps.get_model("shops", "RegisterDocument").objects.filter(
        type__in=(OPENING, CLOSING, REPORT), contradicts=None, terminal__isnull=False
    )
    for document in documents.exclude(session_id="", session_number="").order_by("closed_at", "pk").defer("body"):
        declare(Shift, document)


def find_or_make(Shift, document):
    """By the id, else by the number, unless that belongs to a shift of another id."""
    known = Shift.objects.filter(terminal=document.terminal_id)
    by_id = known.filter(Q(key=document.session_id) | Q(session_id=document.session_id)).first()
    if document.session_id and by_id is not None:
        return by_id
    numbered = known.filter(key=document.session_number).first() if document.session_number else None
    if numbered is not None and (not numbered.session_id or not document.session_id):
        return numbered
    is_number_free = document.session_number and numbered is None
    return Shift.objects.create(
        shop_id=document.shop_id,
        terminal_id=document.terminal_id,
        store_id=document.store_id,
        key=document.session_number if is_number_free else document.session_id,
    )


def declare(Shift, document):
    """Documents come in the order in which they were printed, so the last of each type counts."""
    shift = find_or_make(Shift, document)
    shift.session_id = shift.session_id or document.session_id
    if document.type == OPENING:
        shift.opened_at = document.closed_at
    else:
        shift.unjudged_since = document.received_at
        if document.type == CLOSING:
            shift.closing_revenue = document.revenue
            shift.closed_at = document.closed_at or document.received_at
        else:
            shift.report_revenue = document.revenue
            shift.closed_at = shift.closed_at or document.closed_at or document.received_at
    shift.save()


class Migration(migrations.Migration):
    dependencies = [("shops", "0012_shifts")]

    operations = [migrations.RunPython(learn_shifts, migrations.RunPython.noop)]
