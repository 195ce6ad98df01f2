"""What people decide about discrepancies, over the back-office API. `reconciliation.decisions` does what is decided."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from reconciliation import decisions
from reconciliation.api.discrepancies import EXAMPLES, DiscrepancyDetailSerializer, DiscrepancyViewSet
from reconciliation.decisions import PEOPLES_REASONS, DecisionRefused
from reconciliation.linking import LINK_PERMISSION
from shops.api.authentication import KeyCaller
from shops.api.office.base import MayRead
from shops.api.parsing import StrictSerializer

WORK_PERMISSION = "reconciliation.work_discrepancy"
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


@extend_schema_field({"type": "string", "pattern": r"^[^\u0000]*$", "maxLength": COMMENT_LENGTH_LIMIT})
class CommentField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=COMMENT_LENGTH_LIMIT, **options)


class NothingSerializer(StrictSerializer):
    """An empty body, or an object without fields."""


class OptionalCommentSerializer(StrictSerializer):
    comment = CommentField(required=False, default="", allow_blank=True)


class CommentSerializer(StrictSerializer):
    comment = CommentField()


class ResolveSerializer(OptionalCommentSerializer):
    reason = serializers.ChoiceField(REASON_CHOICES)


class AssignSerializer(OptionalCommentSerializer):
    assignee = serializers.CharField(max_length=150, help_text=gettext_lazy("The login of who is to work on it."))

    def validate_assignee(self, username: str) -> User:
        colleague = list_workers().filter(username=username).first()
        if colleague is None:
            raise serializers.ValidationError(_("Nobody of this login works on discrepancies."))
        return colleague


def list_workers() -> QuerySet[User]:
    """Whom a discrepancy can be given to."""
    return User.objects.with_perm(WORK_PERMISSION, backend="django.contrib.auth.backends.ModelBackend")


def decision(
    summary: Any, serializer: type[StrictSerializer], example: dict[str, str] | None = None
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    examples = [OpenApiExample("request", value=example, request_only=True)] if example else []
    return extend_schema(summary=summary, request=serializer, responses=DiscrepancyDetailSerializer, examples=examples)


class DecisionViewSet(DiscrepancyViewSet):
    """The steps of a discrepancy's life. Each answers with the discrepancy as it is then."""

    permission_classes = (MayDecide,)
    examples = EXAMPLES

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
        if decisions.undoes_link(self.get_object()) and not request.user.has_perm(LINK_PERMISSION):
            raise PermissionDenied(_("You may not say which bills a receipt pays."))
        return self._decide(OptionalCommentSerializer, decisions.undo)

    def _decide(self, serializer_class: type[StrictSerializer], decide: Callable[..., object]) -> Response:
        row = self.get_object()
        answers = serializer_class(data=self.request.data)
        answers.is_valid(raise_exception=True)
        try:
            decide(row, actor=self.request.user, now=timezone.now(), **answers.validated_data)
        except DecisionRefused as refusal:
            raise Conflict(str(refusal)) from None
        return Response(self.get_serializer(self.get_object()).data)
