"""Discrepancies for the back office: the list, its filters, and one with its evidence and history."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import FilterSet
from rest_framework import serializers

from reconciliation.explanations import explain
from reconciliation.models import Discrepancy, DiscrepancyStep, KindChoice, OtherPayment, Reason, Status
from reconciliation.permissions import VIEW_PERMISSION
from shops.api.filters import (
    amount_filter,
    choices_filter,
    contains_filter,
    number_filter,
    text_filter,
    time_filter,
    truth_filter,
)
from shops.api.office.base import LIST, RETRIEVE, OfficeViewSet
from shops.api.office.fields import (
    OptionalChoiceField,
    RowSerializer,
    optional_id,
    optional_text,
    shop_field,
)

EXAMPLES = Path(__file__).parent / "examples"
CUSTOMER = tuple(
    f"case__{document}__{name}"
    for document in ("bill", "receipt")
    for name in ("customer_name", "customer_taxpayer_number")
)
STEP_SHOWS = ("actor", "from_assignee", "assignee", "from_write_off_account", "write_off_account", "other_payment")


class DiscrepancyFilter(FilterSet):  # type: ignore[misc]
    shop = number_filter("case__shop", _("Number of the shop."), example=40)
    kind = choices_filter("kind", _("What is wrong; repeatable."), KindChoice.values)
    status = choices_filter("status", _("How far it has come; repeatable."), Status.values)
    reason = choices_filter("reason", _("Why it is closed; repeatable."), Reason.values)
    assignee = text_filter("assignee__username", _("Who has it, by login."), example="accountant")
    asked = truth_filter(Q(asked_by__isnull=False), _("Whether the owner's answer is waited for."))
    assigned = truth_filter(Q(assignee__isnull=False), _("Whether anybody has it."))
    cause_present = truth_filter(Q(cause_present=True), _("Whether the documents still show it."))
    bill = number_filter("case__bill", _("The bill, by `id` of the list of bills."), example=1)
    bill_external_id = text_filter("case__bill__external_id", _("The bill's id in the CRM."), example="137456")
    bill_number = text_filter("case__bill__number", _("The bill's number."), example="56770")
    receipt_id = text_filter(
        "case__receipt__receipt_id",
        _("The id at Evotor of a receipt that has no bill."),
        example="97ffa4fe-7d2e-44a4-8b64-801de95035f1",
    )
    customer = contains_filter(CUSTOMER, _("A part of the customer's name or taxpayer number."), example="Полина")
    search = contains_filter(
        (
            "case__bill__external_id",
            "case__bill__number",
            "case__receipt__receipt_id",
            "case__receipt__bill_external_id",
            "case__receipt__bill_number",
            *CUSTOMER,
        ),
        _("A part of the bill's id or number, the receipt's id, or the customer."),
        example="567",
    )
    amount_from = amount_filter("amount", "gte", _("An amount of at least this."), example="-31040.00")
    amount_to = amount_filter("amount", "lte", _("An amount of at most this."), example="-0.01")
    opened_from = time_filter("opened_at", "gte", _("Found at this time or later."), example="2026-03-25")
    opened_before = time_filter("opened_at", "lt", _("Found before this time."), example="2027-01-01")
    changed_from = time_filter("changed_at", "gte", _("Changed at this time or later."), example="2026-03-25")
    changed_before = time_filter("changed_at", "lt", _("Changed before this time."), example="2027-01-01")


def account_field() -> serializers.CharField:
    """A write-off account in words: its number and its name."""
    return serializers.CharField(read_only=True, allow_null=True)


class DiscrepancySerializer(RowSerializer):
    """A row of the list of discrepancies. It belongs to a `bill`, a `receipt` without one, an `event` or a `shift`."""

    shop = shop_field("case.shop_id")
    kind = serializers.ChoiceField(KindChoice.choices, read_only=True)
    status = serializers.ChoiceField(Status.choices, read_only=True)
    reason = OptionalChoiceField(Reason.choices)
    write_off_account = account_field()
    assignee = optional_text("assignee.username")
    asked_by = optional_text("asked_by.username")
    bill = optional_id("case.bill_id")
    bill_external_id = optional_text("case.bill.external_id")
    bill_number = optional_text("case.bill.number")
    receipt = optional_id("case.receipt_id")
    receipt_id = optional_text("case.receipt.receipt_id")
    event = optional_id("case.event_id")
    shift = optional_id("case.shift_id")
    customer_name = serializers.SerializerMethodField()
    due = serializers.DecimalField(15, 2, source="case.due", read_only=True, allow_null=True)
    received = serializers.DecimalField(15, 2, source="case.received", read_only=True, allow_null=True)
    explanation = serializers.SerializerMethodField()

    class Meta:
        model = Discrepancy
        fields: Any = (
            "id",
            "shop",
            "kind",
            "amount",
            "status",
            "reason",
            "write_off_account",
            "assignee",
            "asked_by",
            "cause_present",
            "bill",
            "bill_external_id",
            "bill_number",
            "receipt",
            "receipt_id",
            "event",
            "shift",
            "customer_name",
            "due",
            "received",
            "explanation",
            "opened_at",
            "changed_at",
        )

    def get_customer_name(self, discrepancy: Discrepancy) -> str | None:
        document = discrepancy.case.bill or discrepancy.case.receipt
        return document.customer_name if document else None

    def get_explanation(self, discrepancy: Discrepancy) -> str:
        return explain(discrepancy)


class OtherPaymentSerializer(RowSerializer):
    """How a customer has paid past the registers, by whoever proposed to close it with that."""

    class Meta:
        model = OtherPayment
        fields = ("how", "amount", "paid_on")


class StepSerializer(RowSerializer):
    """One step of the history; without an actor it is the program's own."""

    actor = optional_text("actor.username")
    action = serializers.ChoiceField(DiscrepancyStep.Action.choices, read_only=True)
    from_status = OptionalChoiceField(Status.choices)
    to_status = serializers.ChoiceField(Status.choices, read_only=True)
    from_reason = OptionalChoiceField(Reason.choices)
    reason = OptionalChoiceField(Reason.choices)
    from_assignee = optional_text("from_assignee.username")
    assignee = optional_text("assignee.username")
    from_write_off_account = account_field()
    write_off_account = account_field()
    undoes = optional_id("undoes_id")
    other_payment = OtherPaymentSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = DiscrepancyStep
        fields = (
            "id",
            "at",
            "actor",
            "action",
            "from_status",
            "to_status",
            "from_reason",
            "reason",
            "from_assignee",
            "assignee",
            "from_write_off_account",
            "write_off_account",
            "amount_before",
            "amount",
            "comment",
            "undoes",
            "other_payment",
        )


class DiscrepancyDetailSerializer(DiscrepancySerializer):
    """A discrepancy with its evidence (amounts are text) and its history, the first step first."""

    evidence = serializers.DictField(child=serializers.JSONField(), read_only=True)
    history = StepSerializer(source="steps", many=True, read_only=True)

    class Meta(DiscrepancySerializer.Meta):
        fields = (*DiscrepancySerializer.Meta.fields, "evidence", "history")


class DiscrepancyViewSet(OfficeViewSet[Discrepancy]):
    queryset = Discrepancy.objects.all()
    serializer_class = DiscrepancySerializer
    detail_serializer_class = DiscrepancyDetailSerializer
    filterset_class = DiscrepancyFilter
    view_permission = VIEW_PERMISSION
    list_order = ("opened_at", "id")
    table_name = "discrepancies"
    summaries = MappingProxyType({LIST: _("Discrepancies"), RETRIEVE: _("A discrepancy with its evidence and history")})
    examples = EXAMPLES

    def get_rows(self) -> QuerySet[Discrepancy]:
        rows = select_discrepancies()
        if self.action == LIST:
            return rows
        steps = DiscrepancyStep.objects.select_related(*STEP_SHOWS).order_by("at", "pk")
        return rows.prefetch_related(Prefetch("steps", steps))


def select_discrepancies() -> QuerySet[Discrepancy]:
    """All discrepancies, with what a row of the list shows."""
    return Discrepancy.objects.select_related(
        "assignee", "asked_by", "write_off_account", "case__shop", "case__bill", "case__receipt"
    )
