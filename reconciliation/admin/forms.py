"""What a person says when working a discrepancy."""

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from reconciliation.models import Reason

REASONS = [(reason.value, reason.label) for reason in Reason if reason != Reason.LATER_DOCUMENTS]


class CommentForm(forms.Form):
    comment = forms.CharField(
        label=_("Comment"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2, "class": "field"})
    )


class RequiredCommentForm(CommentForm):
    comment = forms.CharField(
        label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2, "class": "field"})
    )


class ResolveForm(CommentForm):
    """The reason is a person's: what later documents resolved, the system says itself."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("Choose a reason")), *REASONS], widget=forms.Select(attrs={"class": "field"})
    )
    field_order = ("reason", "comment")


class HandOverForm(CommentForm):
    assignee = forms.ModelChoiceField(
        label=_("Colleague"),
        queryset=User.objects.none(),
        empty_label=_("Choose a colleague"),
        widget=forms.Select(attrs={"class": "field"}),
    )
    field_order = ("assignee", "comment")

    def __init__(self, *args: object, colleagues: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["assignee"].queryset = colleagues  # type: ignore[attr-defined]
