"""What people decide about discrepancies, over the back-office API.

`reconciliation.decisions` and `reconciliation.write_offs` do what is decided.
"""

from collections.abc import Callable
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

from reconciliation import decisions, write_offs
from reconciliation.api.discrepancies import EXAMPLES, DiscrepancyDetailSerializer, DiscrepancyViewSet
from reconciliation.decisions import PEOPLES_REASONS, DecisionRefused
from reconciliation.models import Discrepancy, Reason, WriteOffAccount
from reconciliation.permissions import LINK_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION, list_workers
from shops.api.authentication import KeyCaller
from shops.api.office.base import MayRead
from shops.api.parsing import StrictSerializer

WRITING_OFF = ("write_off", "confirm", "decline")
ACCOUNT_LENGTH_LIMIT = 130
COMMENT_LENGTH_LIMIT = 10_000
REASON_CHOICES = [(reason.value, reason.label) for reason in PEOPLES_REASONS]


class Conflict(APIException):
    """A decision that the state of the discrepancy does not allow."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class MayDecide(MayRead):
    """Only somebody who has logged in decides: every step of the history names a person."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, KeyCaller):
            self.message = gettext_lazy(
                "A key reads and decides nothing, for every decision names a person: log in to decide."
            )
            return False
        self.message = gettext_lazy("You may not decide about discrepancies.")
        return super().has_permission(request, view) and request.user.has_perm(WORK_PERMISSION)

    def has_object_permission(self, request: Request, view: Any, obj: Discrepancy) -> bool:
        return request.user.has_perm(WORK_PERMISSION, obj)


class MayWriteOff(MayDecide):
    """Writing off, and confirming what somebody else proposes, needs a permission of its own."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        self.message = gettext_lazy("You may not write differences off.")
        return request.user.has_perm(WRITE_OFF_PERMISSION)

    def has_object_permission(self, request: Request, view: Any, obj: Discrepancy) -> bool:
        return request.user.has_perms((WORK_PERMISSION, WRITE_OFF_PERMISSION), obj)


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
        return [MayWriteOff()] if self.action in WRITING_OFF else super().get_permissions()

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
        gettext_lazy("Confirm: a second person agrees to a write-off that waits"),
        OptionalCommentSerializer,
        {"comment": "Согласовано с директором"},
    )
    def confirm(self, request: Request, id: str) -> Response:
        return self._decide(OptionalCommentSerializer, write_offs.confirm)

    @decision(
        gettext_lazy("Decline: a write-off that waits goes back to who has proposed it"),
        CommentSerializer,
        {"comment": "Сначала спросите курьера"},
    )
    def decline(self, request: Request, id: str) -> Response:
        return self._decide(CommentSerializer, write_offs.decline)

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
