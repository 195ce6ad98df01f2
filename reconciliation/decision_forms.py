"""What a person says when working discrepancies, one or many at once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.attachments import FILES_LIMIT, SIZE_LIMIT_BYTES
from reconciliation.decisions import list_sensible_reasons
from reconciliation.file_types import FILE_TYPES
from reconciliation.models import Discrepancy, OtherPayment, WriteOffAccount
from reconciliation.proposals import Payment
from reconciliation.search import read_typed_amount

COMMENT_LENGTH_LIMIT = 4000
ACCEPTED = ",".join(suffix for file_type in FILE_TYPES for suffix in file_type.suffixes)


def comment_field(*, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2, "class": "field"})
    return forms.CharField(label=_("Comment"), required=required, max_length=COMMENT_LENGTH_LIMIT, widget=widget)


class CommentForm(forms.Form):
    comment = comment_field()


class RequiredCommentForm(forms.Form):
    comment = comment_field(required=True)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files. Which of them are kept, `reconciliation.attachments` says, one by one."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list["UploadedFile[Any]"]:
        return list(data or ())


def describe_files() -> str:
    """What may be attached, in the language of the page and not in that of the start."""
    text = gettext("PDF, PNG, JPEG, XLSX, DOCX, text, CSV, EML: at most %(count)d, each at most %(limit)d MB.")
    return text % {"count": FILES_LIMIT, "limit": SIZE_LIMIT_BYTES >> 20}


class CommentWithFilesForm(RequiredCommentForm):
    attachments = FilesField(
        label=_("Files"),
        required=False,
        help_text=lazy(describe_files, str)(),
        widget=FilesInput(attrs={"class": "field", "accept": ACCEPTED}),
    )


class ResolveForm(CommentForm):
    """The reasons are those that make sense for every discrepancy that is resolved with it."""

    reason = forms.ChoiceField(label=_("Reason"), widget=forms.Select(attrs={"class": "field"}))
    field_order = ("reason", "comment")

    def __init__(self, *args: Any, rows: Sequence[Discrepancy], **options: Any) -> None:
        super().__init__(*args, **options)
        sensible = list_sensible_reasons(row.kind for row in rows)
        reasons = [(reason.value, reason.label) for reason in sensible]
        self.fields["reason"].choices = [("", _("Choose a reason")), *reasons]  # type: ignore[attr-defined]


class SeenAmountForm(CommentForm):
    """Carries the amount that was shown, so that no other one is written off unseen."""

    seen_amount = forms.DecimalField(required=False, decimal_places=2, widget=forms.HiddenInput)

    def __init__(self, *args: Any, seen_amount: Decimal | None = None, **options: Any) -> None:
        super().__init__(*args, **options | {"initial": {"seen_amount": seen_amount}})


class WriteOffForm(SeenAmountForm):
    account = forms.ModelChoiceField(
        label=_("Account"),
        queryset=WriteOffAccount.objects.none(),
        empty_label=_("Choose an account"),
        widget=forms.Select(attrs={"class": "field"}),
    )
    field_order = ("account", "comment", "seen_amount")

    def __init__(self, *args: Any, accounts: QuerySet[WriteOffAccount], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]


class HandOverForm(CommentForm):
    assignee = forms.ModelChoiceField(
        label=_("Colleague"),
        queryset=User.objects.none(),
        empty_label=_("Choose a colleague"),
        widget=forms.Select(attrs={"class": "field"}),
    )
    field_order = ("assignee", "comment")

    def __init__(self, *args: Any, colleagues: QuerySet[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["assignee"].queryset = colleagues  # type: ignore[attr-defined]


class AmountField(forms.CharField):
    """An amount of money, typed in any way that people write amounts."""

    widget = forms.TextInput(attrs={"class": "field", "inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: Any) -> Decimal:
        amount = read_typed_amount(str(super().clean(value)))
        if amount is None or amount <= 0:
            raise forms.ValidationError(_("Write an amount like 31 040.50."))
        return amount


class PaidAnotherWayForm(SeenAmountForm):
    """How a customer has paid past the registers."""

    how = forms.ChoiceField(
        label=_("How the customer has paid"),
        choices=[("", _("Choose")), *OtherPayment.How.choices],
        widget=forms.Select(attrs={"class": "field"}),
    )
    amount = AmountField(label=_("Amount"))
    paid_on = forms.DateField(
        label=_("On which day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "field", "type": "date"})
    )
    attachments = FilesField(
        label=_("A file, if there is one: a statement, a note of the courier"),
        required=False,
        widget=FilesInput(attrs={"class": "field", "accept": ACCEPTED}),
    )
    field_order = ("how", "amount", "paid_on", "comment", "attachments", "seen_amount")

    def read_payment(self) -> Payment:
        """What the valid form says."""
        said = self.cleaned_data
        return Payment(said["how"], said["amount"], said["paid_on"])
