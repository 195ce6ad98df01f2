"""PostgreSQL notes which days are changed: what is kept of them does not count from that moment on.

Whoever writes a document, in whatever way, has it noted in the same transaction. Documents of the last day are not
noted, for nothing is kept of it: a receipt that comes as usual costs a comparison. The lines of a receipt are written
with it; what is noted of lines alone is that they are changed or removed.
"""

from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from shops.partitions import LOCK_TIMEOUT, try_again

# Documents come by their days: an import asks for the same day as just before, nearly always.
NOTE = """
CREATE OR REPLACE FUNCTION reconciliation_note_changed_day(shop bigint, moment timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    changed_day date := (moment AT TIME ZONE 'UTC')::date;
    note text := concat_ws(' ', shop, changed_day, txid_current());
BEGIN
    IF moment IS NULL OR current_setting('crmpos.noted_last', true) = note THEN
        RETURN;
    END IF;
    INSERT INTO reconciliation_changedday (shop_id, day, changed_by) VALUES (shop, changed_day, txid_current())
    ON CONFLICT DO NOTHING;
    PERFORM set_config('crmpos.noted_last', note, true);
END $$
"""
NOTE_ROW = """
CREATE OR REPLACE FUNCTION {name} RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM reconciliation_note_changed_day(OLD.shop_id, {of_old});
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM reconciliation_note_changed_day(NEW.shop_id, {of_new});
    END IF;
    RETURN NULL;
END $$
"""
NOTE_LINE = """
CREATE OR REPLACE FUNCTION reconciliation_note_receipt_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM reconciliation_note_changed_day(shop_id, coalesce(printed_at, received_at))
    FROM shops_receipt WHERE id = OLD.receipt_id OR TG_OP = 'UPDATE' AND id = NEW.receipt_id;
    RETURN NULL;
END $$
"""
BILL, RECEIPT, LINE = "shops_bill", "shops_receipt", "shops_receiptline"
OF_BILL = ("shop_id", "issued_at", "total", "prepayment", "cancelled_at")
OF_RECEIPT = (
    *("shop_id", "printed_at", "received_at", "type", "informational", "settlement_method", "payment_source"),
    *("store_id", "terminal_id", "employee_id", "total"),
)
OF_LINE = ("receipt_id", "product_external_id", "quantity", "total")
LONG_AGO = "now() - interval '1 day'"


def is_changed(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def at(row: str) -> str:
    return f"coalesce({row}.printed_at, {row}.received_at)"


BILL_CHANGED, RECEIPT_CHANGED = "reconciliation_note_bill()", "reconciliation_note_receipt()"
LINE_CHANGED = "reconciliation_note_receipt_line()"
FUNCTIONS = {
    "reconciliation_note_changed_day(bigint, timestamptz)": NOTE,
    BILL_CHANGED: NOTE_ROW.format(name=BILL_CHANGED, of_old="OLD.issued_at", of_new="NEW.issued_at"),
    RECEIPT_CHANGED: NOTE_ROW.format(name=RECEIPT_CHANGED, of_old=at("OLD"), of_new=at("NEW")),
    LINE_CHANGED: NOTE_LINE,
}

# By name: the table, when it is called, on what condition, and the function.
TRIGGERS = {
    "note_new_bill": (BILL, "INSERT", f"NEW.issued_at < {LONG_AGO}", BILL_CHANGED),
    "note_changed_bill": (
        BILL,
        f"UPDATE OF {', '.join(OF_BILL)}",
        f"least(OLD.issued_at, NEW.issued_at) < {LONG_AGO} AND {is_changed(OF_BILL)}",
        BILL_CHANGED,
    ),
    "note_removed_bill": (BILL, "DELETE", f"OLD.issued_at < {LONG_AGO}", BILL_CHANGED),
    "note_new_receipt": (RECEIPT, "INSERT", f"{at('NEW')} < {LONG_AGO}", RECEIPT_CHANGED),
    "note_changed_receipt": (
        RECEIPT,
        f"UPDATE OF {', '.join(OF_RECEIPT)}",
        f"least({at('OLD')}, {at('NEW')}) < {LONG_AGO} AND {is_changed(OF_RECEIPT)}",
        RECEIPT_CHANGED,
    ),
    "note_removed_receipt": (RECEIPT, "DELETE", f"{at('OLD')} < {LONG_AGO}", RECEIPT_CHANGED),
    "note_changed_receipt_line": (
        LINE,
        f"UPDATE OF {', '.join(OF_LINE)}",
        is_changed(OF_LINE),
        LINE_CHANGED,
    ),
    "note_removed_receipt_line": (LINE, "DELETE", "true", LINE_CHANGED),
}


def note(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for function in FUNCTIONS.values():
        schema_editor.execute(function)
    for name, (table, event, condition, function) in TRIGGERS.items():
        trigger = f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table}"
        change(schema_editor, f"{trigger} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {function}")


def stop_noting(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, (table, *_) in TRIGGERS.items():
        change(schema_editor, f"DROP TRIGGER IF EXISTS {name} ON {table}")
    for function in reversed(FUNCTIONS):
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {function}")


def change(schema_editor: BaseDatabaseSchemaEditor, statement: str) -> None:
    """One table at a time, and not waited for long: writers that come meanwhile queue up behind."""

    def run() -> None:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            schema_editor.execute(statement)

    try_again(run)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('reconciliation', '0044_day_totals'),
        ('shops', '0033_places_without_needless_indexes'),
    ]

    operations = [migrations.RunPython(note, stop_noting)]
