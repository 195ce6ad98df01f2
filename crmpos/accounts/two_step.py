"""The second step of logging in: a code of an app (TOTP), or one of the recovery codes, which work once each.

Of a recovery code its hash is stored: it has eighty random bits, so a plain one is safe. A code of the app counts once
(`last_t`), and each wrong one makes the next wait longer; both are django-otp's, under a lock on the device's row.
"""

import hashlib
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_otp
import segno
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from shops.roles import requires_two_steps

RECOVERY_CODES = 10
RECOVERY_CODE_BYTES = 10  # sixteen characters of base32
TOKEN_LENGTH = 16
GROUP_LENGTH = 4
APP_CODE_DIGITS = 6
QR_CODE_SCALE = 5
DEVICE_NAME = "crmpos"

Device = Any  # a TOTPDevice or a StaticDevice; django-otp ships no types


@dataclass(frozen=True, slots=True)
class Secret:
    """What an app has to be told: as a picture (SVG), and as text to be typed."""

    picture: str
    text: str


def has_two_steps(person: User) -> bool:
    """Whether the person is asked for a code after the password."""
    return bool(TOTPDevice.objects.filter(user=person, confirmed=True).exists())


def is_required(person: User) -> bool:
    """Whether a shop that the person may see, or the installation, wants two steps of the person."""
    if settings.TWO_STEP_REQUIRED_FOR_STAFF and person.is_staff:
        return True
    return User.objects.filter(requires_two_steps(), pk=person.pk).exists()


@transaction.atomic
def begin_setup(person: User) -> TOTPDevice:
    """The app that the person is about to set up: it opens nothing until its first code has come back."""
    waiting = TOTPDevice.objects.filter(user=person, confirmed=False).order_by("pk").first()
    return waiting or TOTPDevice.objects.create(user=person, name=DEVICE_NAME, confirmed=False)


def show_secret(device: TOTPDevice) -> Secret:
    picture = segno.make(device.config_url, error="m", micro=False).svg_inline(
        scale=QR_CODE_SCALE, dark="#000", light="#fff", omitsize=True
    )
    text = b32encode(device.bin_key).decode()
    return Secret(picture, _in_groups(text))


@transaction.atomic
def confirm_setup(person: User, code: str) -> list[str] | None:
    """Turns the second step on, where the code is right; the recovery codes, which nobody will see again."""
    waiting = TOTPDevice.objects.filter(user=person, confirmed=False).order_by("pk").first()
    if waiting is None or not _verify(person, waiting, code):
        return None
    TOTPDevice.objects.filter(user=person).exclude(pk=waiting.pk).delete()
    TOTPDevice.objects.filter(pk=waiting.pk).update(confirmed=True)
    return make_recovery_codes(person)


@transaction.atomic
def make_recovery_codes(person: User) -> list[str]:
    """New recovery codes; the former ones open nothing any more."""
    StaticDevice.objects.filter(user=person).delete()
    device = StaticDevice.objects.create(user=person, name=DEVICE_NAME)
    codes = [b32encode(secrets.token_bytes(RECOVERY_CODE_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_hash(code)) for code in codes)
    return [_in_groups(code, "-") for code in codes]


def count_recovery_codes(person: User) -> int:
    return int(StaticToken.objects.filter(device__user=person).count())


@transaction.atomic
def turn_off(person: User) -> None:
    """From now on the password is enough; the app and the recovery codes open nothing any more."""
    TOTPDevice.objects.filter(user=person).delete()
    StaticDevice.objects.filter(user=person).delete()


def verify_code(person: User, code: str) -> Device | None:
    """The device that accepts the code, which is used up by that; None for a wrong code, or one that came too soon."""
    device = find_device(person, code)
    return device if device is not None and _verify(person, device, code) else None


def find_wait(person: User, code: str) -> datetime | None:
    """Until when codes of this kind are refused unread after wrong ones, or None where they are read."""
    device = find_device(person, code)
    if device is None:
        return None
    is_allowed, reason = device.verify_is_allowed()
    return None if is_allowed else reason["locked_until"]


def find_device(person: User, code: str) -> Device | None:
    """What could accept a code of this form."""
    if _is_of_app(code):
        return TOTPDevice.objects.filter(user=person, confirmed=True).order_by("pk").first()
    return StaticDevice.objects.filter(user=person, confirmed=True).order_by("pk").first()


def _verify(person: User, device: Device, code: str) -> bool:
    token = _squeeze(code) if isinstance(device, TOTPDevice) else _hash(code)
    return django_otp.verify_token(person, device.persistent_id, token) is not None


def _is_of_app(code: str) -> bool:
    squeezed = _squeeze(code)
    return len(squeezed) == APP_CODE_DIGITS and squeezed.isascii() and squeezed.isdigit()


def _squeeze(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _hash(code: str) -> str:
    digest = hashlib.sha256(_squeeze(code).encode()).digest()
    return b32encode(digest).decode().lower()[:TOKEN_LENGTH]


def _in_groups(text: str, separator: str = " ") -> str:
    return separator.join(text[start : start + GROUP_LENGTH] for start in range(0, len(text), GROUP_LENGTH))
