"""The forms of the account's pages."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

CODE_LENGTH_LIMIT = 40


class LogInForm(AuthenticationForm):
    """Name and password. Whether the name exists, or belongs to somebody who was shut out, nobody is told."""

    error_messages = {
        "invalid_login": _("Name and password do not match. Both tell small letters from capitals."),
        "inactive": _("Name and password do not match. Both tell small letters from capitals."),
    }


class CodeForm(forms.Form):
    """A code of the second step: of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=CODE_LENGTH_LIMIT,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class AppCodeForm(CodeForm):
    """The first code of an app that is being set up."""

    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=CODE_LENGTH_LIMIT,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasswordForm(forms.Form):
    """The own password once more, before something that a stranger at an open screen must not do."""

    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self._person = person

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self._person.check_password(password):
            raise forms.ValidationError(_("This is not your password."), code="wrong_password")
        return password


class AskForResetForm(forms.Form):
    """For which address a new password is wanted."""

    email = forms.EmailField(label=_("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
