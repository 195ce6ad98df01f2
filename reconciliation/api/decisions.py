"""What people decide about discrepancies, over the back-office API.

`reconciliation.decisions`, `write_offs`, `proposals` and `questions` do what is decided.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from reconciliation import decisions, proposals, questions, write_offs
from reconciliation.api.discrepancies import EXAMPLES, DiscrepancyDetailSerializer, DiscrepancyViewSet
from reconciliation.decisions import PEOPLES_REASONS, DecisionRefused
from reconciliation.models import Discrepancy, OtherPayment, Reason, WriteOffAccount
from reconciliation.permissions import (
    COMMENT_PERMISSION,
    LINK_PERMISSION,
    PROPOSE_PERMISSION,
    WORK_PERMISSION,
    WRITE_OFF_PERMISSION,
    list_confirming,
    list_workers,
)
from reconciliation.proposals import Payment
from shops.api.authentication import KeyCaller
from shops.api.office.base import MayRead
from shops.api.parsing import StrictSerializer
from shops.money import KOPECK

ACCOUNT_LENGTH_LIMIT = 130
COMMENT_LENGTH_LIMIT = 10_000
REASON_CHOICES = [(reason.value, reason.label) for reason in PEOPLES_REASONS]


class Conflict(APIException):
    """A decision that the state of the discrepancy does not allow."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class MayDecide(MayRead):
    """Only somebody who has logged in decides: every step of the history names a person.

    Any one of the `permissions` will do, in the shop of the discrepancy.
    """

    permissions: tuple[str, ...] = (WORK_PERMISSION,)
    refusal = gettext_lazy("You may not decide about discrepancies.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, KeyCaller):
            self.message = gettext_lazy(
                "A key reads and decides nothing, for every decision names a person: log in to decide."
            )
            return False
        self.message = self.refusal
        return super().has_permission(request, view) and any(map(request.user.has_perm, self.permissions))

    def has_object_permission(self, request: Request, view: Any, obj: Discrepancy) -> bool:
        return any(request.user.has_perm(permission, obj) for permission in self.permissions)


class MayTalk(MayDecide):
    """Comments and answers: those who work here, and owners."""

    permissions = (WORK_PERMISSION, COMMENT_PERMISSION)


class MayPropose(MayDecide):
    permissions = (PROPOSE_PERMISSION,)
    refusal = gettext_lazy("You may not say how a customer has paid: that is for the owners of the shop.")


class MayWriteOff(MayDecide):
    """Writing off needs a permission of its own beside that to work."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        self.message = gettext_lazy("You may not write differences off.")
        return request.user.has_perm(WRITE_OFF_PERMISSION)

    def has_object_permission(self, request: Request, view: Any, obj: Discrepancy) -> bool:
        return request.user.has_perms((WORK_PERMISSION, WRITE_OFF_PERMISSION), obj)


class MayConfirm(MayDecide):
    """What somebody else proposes is decided by whoever could have closed it with that."""

    def has_object_permission(self, request: Request, view: Any, obj: Discrepancy) -> bool:
        self.message = gettext_lazy("You may not write differences off.")
        return request.user.has_perms(list_confirming(obj.reason), obj)


# Everything else: MayDecide.
ALLOWED: Mapping[str, type[MayDecide]] = {
    "comment": MayTalk,
    "answer": MayTalk,
    "paid_another_way": MayPropose,
    "write_off": MayWriteOff,
    "confirm": MayConfirm,
    "decline": MayConfirm,
}


@extend_schema_field({"type": "string", "pattern": r"^[^\u0000]*$", "maxLength": COMMENT_LENGTH_LIMIT})
class CommentField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=COMMENT_LENGTH_LIMIT, **options)


@extend_schema_field({"type": "string", "pattern": r"^[^\u0000]*\S[^\u0000]*$", "maxLength": ACCOUNT_LENGTH_LIMIT})
class AccountField(serializers.CharField):
    pass


class NothingSerializer(StrictSerializer):
    """An empty body, or an object without fields."""


class OptionalCommentSerializer(StrictSerializer):
    comment = CommentField(required=False, default="", allow_blank=True)


class CommentSerializer(StrictSerializer):
    comment = CommentField()


class ReasonField(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> Any:
        if data == Reason.WRITTEN_OFF:
            raise serializers.ValidationError(_("What is written off needs an account: use the step “write-off”."))
        return super().to_internal_value(data)


class ResolveSerializer(OptionalCommentSerializer):
    reason = ReasonField(REASON_CHOICES)


class WriteOffSerializer(OptionalCommentSerializer):
    account = AccountField(
        max_length=ACCOUNT_LENGTH_LIMIT,
        help_text=gettext_lazy("A write-off account of the shop: its number, its name, or both."),
    )

    def validate_account(self, words: str) -> WriteOffAccount:
        discrepancy: Discrepancy = self.context["discrepancy"]
        usable = list(WriteOffAccount.objects.usable_in(discrepancy.case.shop))
        named = [account for account in usable if words in (account.code, account.name, str(account))]
        if len(named) != 1:
            known = "; ".join(str(account) for account in usable) or "—"
            raise serializers.ValidationError(_("This names no single account. Accounts in use: %s.") % known)
        return named[0]


class PaidAnotherWaySerializer(OptionalCommentSerializer):
    how = serializers.ChoiceField(OtherPayment.How.choices)
    amount = serializers.DecimalField(15, 2, min_value=KOPECK)
    paid_on = serializers.DateField(help_text=gettext_lazy("The day of the payment, in the shop's time zone."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"payment": Payment(attrs["how"], attrs["amount"], attrs["paid_on"]), "comment": attrs["comment"]}


class AssignSerializer(OptionalCommentSerializer):
    assignee = serializers.CharField(max_length=150, help_text=gettext_lazy("The login of who is to work on it."))

    def validate_assignee(self, username: str) -> User:
        shop = self.context["discrepancy"].case.shop
        colleague = list_workers(shop).filter(username=username).first()
        if colleague is None:
            raise serializers.ValidationError(_("Nobody of this login works on discrepancies."))
        return colleague


def decision(
    summary: Any, serializer: type[StrictSerializer], example: dict[str, str] | None = None
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    examples = [OpenApiExample("request", value=example, request_only=True)] if example else []
    return extend_schema(summary=summary, request=serializer, responses=DiscrepancyDetailSerializer, examples=examples)


class DecisionViewSet(DiscrepancyViewSet):
    """The steps of a discrepancy's life. Each answers with the discrepancy as it is then."""

    permission_classes = (MayDecide,)
    examples = EXAMPLES

    def get_permissions(self) -> Any:
        return [ALLOWED.get(self.action, MayDecide)()]

    @decision(gettext_lazy("Take: the caller works on it"), NothingSerializer)
    def take(self, request: Request, id: str) -> Response:
        return self._decide(NothingSerializer, decisions.take)

    @decision(
        gettext_lazy("Assign: somebody else works on it"),
        AssignSerializer,
        {"assignee": "accountant", "comment": "Позвоните, пожалуйста, в магазин"},
    )
    def assign(self, request: Request, id: str) -> Response:
        return self._decide(AssignSerializer, decisions.hand_over)

    @decision(
        gettext_lazy("Comment: nothing else changes"),
        CommentSerializer,
        {"comment": "Курьер уверен, что деньги за вещи взял переводом"},
    )
    def comment(self, request: Request, id: str) -> Response:
        return self._decide(CommentSerializer, decisions.comment)

    @decision(
        gettext_lazy("Ask: the owner of the shop is asked, and it waits for the answer"),
        CommentSerializer,
        {"comment": "Как покупатель оплатил вещи?"},
    )
    def ask(self, request: Request, id: str) -> Response:
        return self._decide(CommentSerializer, questions.ask)

    @decision(
        gettext_lazy("Answer: the owner's question is answered"),
        CommentSerializer,
        {"comment": "Переводом на счёт магазина"},
    )
    def answer(self, request: Request, id: str) -> Response:
        return self._decide(CommentSerializer, questions.answer)

    @decision(
        gettext_lazy("Paid another way: an owner says how, and it waits for an accountant to confirm it"),
        PaidAnotherWaySerializer,
        {"how": "transfer", "amount": "31040.00", "paid_on": "2026-03-25", "comment": "Перевод на счёт магазина"},
    )
    def paid_another_way(self, request: Request, id: str) -> Response:
        return self._decide(PaidAnotherWaySerializer, proposals.propose_paid_another_way)

    @decision(
        gettext_lazy("Resolve: it is closed with a reason"),
        ResolveSerializer,
        {"reason": "rest_will_be_paid", "comment": "Покупатель доплатит 31 040 завтра"},
    )
    def resolve(self, request: Request, id: str) -> Response:
        return self._decide(ResolveSerializer, decisions.resolve)

    @decision(
        gettext_lazy("Write off: it is closed to an account, or waits for a second person beyond the shop's limit"),
        WriteOffSerializer,
        {"account": "Недостача в кассе", "comment": "Приказ 5"},
    )
    def write_off(self, request: Request, id: str) -> Response:
        return self._decide(WriteOffSerializer, write_offs.write_off)

    @decision(
        gettext_lazy("Confirm: a second person agrees to what is proposed: a write-off, or a payment another way"),
        OptionalCommentSerializer,
        {"comment": "Согласовано с директором"},
    )
    def confirm(self, request: Request, id: str) -> Response:
        return self._decide(OptionalCommentSerializer, proposals.confirm)

    @decision(
        gettext_lazy("Decline: what is proposed does not come to pass, and whoever has proposed it reads why"),
        CommentSerializer,
        {"comment": "Сначала спросите курьера"},
    )
    def decline(self, request: Request, id: str) -> Response:
        return self._decide(CommentSerializer, proposals.decline)

    @decision(
        gettext_lazy("Reopen: a resolved one is open again"),
        OptionalCommentSerializer,
        {"comment": "Покупатель не доплатил"},
    )
    def reopen(self, request: Request, id: str) -> Response:
        return self._decide(OptionalCommentSerializer, decisions.reopen)

    @decision(
        gettext_lazy("Undo: the last decision is taken back"), OptionalCommentSerializer, {"comment": "Ошибся строкой"}
    )
    def undo(self, request: Request, id: str) -> Response:
        row = self.get_object()
        if decisions.undoes_link(row) and not request.user.has_perm(LINK_PERMISSION, row):
            raise PermissionDenied(_("You may not say which bills a receipt pays."))
        return self._decide(OptionalCommentSerializer, decisions.undo)

    def _decide(self, serializer_class: type[StrictSerializer], decide: Callable[..., object]) -> Response:
        row = self.get_object()
        answers = serializer_class(data=self.request.data, context={"discrepancy": row})
        answers.is_valid(raise_exception=True)
        try:
            decide(row, actor=self.request.user, now=timezone.now(), **answers.validated_data)
        except DecisionRefused as refusal:
            raise Conflict(str(refusal)) from None
        return Response(self.get_serializer(self.get_object()).data)
