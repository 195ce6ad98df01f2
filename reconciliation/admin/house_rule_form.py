"""What a person says when making a rule of the house: when it fits, and what is to be done then."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from reconciliation.house_rules.making import RuleRefused
from reconciliation.models import DirectionChoice, HouseRule, KindChoice, OutcomeChoice, Reason, WriteOffAccount
from reconciliation.permissions import ADD_RULE_PERMISSION, list_workers
from reconciliation.rules.kinds import KINDS
from shops.models import Employee, Shop, Store, Terminal
from shops.roles import Scope, find_scope, people_of
from shops.visibility import only_within
from shops.wording import PAYMENT_SOURCES

FIELD = {"class": "field"}
CONDITIONS = (
    "shop",
    "kinds",
    "amount_up_to",
    "direction",
    "store",
    "terminal",
    "employee",
    "payment_source",
)
OUTCOMES = ("outcome", "reason", "write_off_account", "assignee", "comment")


class RowField(forms.TypedChoiceField):
    """One of some rows, which are read once: for the choices and for the answer."""

    def __init__(self, rows: Iterable[Model], word: Callable[[Any], str] = str, **options: Any) -> None:
        by_key = {str(row.pk): row for row in rows}
        choices = [("", options.pop("nothing")), *((key, word(row)) for key, row in by_key.items())]
        super().__init__(choices=choices, coerce=by_key.__getitem__, empty_value=None, **options)
        self.required = False
        self.widget.attrs.update(FIELD)

    def prepare_value(self, value: Any) -> Any:
        return value.pk if isinstance(value, Model) else value


class HouseRuleForm(forms.Form):
    """Its fields are those of the rule. The service has the last word: its complaints stand by the fields."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs=FIELD),
        help_text=_("The history will say: by the rule “…”."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of differences"),
        required=False,
        choices=KindChoice.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every kind, which suits rules that hand over."),
    )
    amount_up_to = forms.DecimalField(
        label=_("Difference up to"),
        required=False,
        localize=True,
        max_digits=15,
        decimal_places=2,
        widget=forms.TextInput(attrs=FIELD | {"inputmode": "decimal"}),
        help_text=_("Whether it is missing or beyond: 1.00 is from −1.00 to +1.00."),
    )
    direction = forms.ChoiceField(
        label=_("Direction"), choices=DirectionChoice.choices, widget=forms.Select(attrs=FIELD)
    )
    payment_source = forms.ChoiceField(
        label=_("Payment"),
        required=False,
        choices=[("", _("any")), *PAYMENT_SOURCES.items()],
        widget=forms.Select(attrs=FIELD),
    )
    outcome = forms.ChoiceField(
        label=_("What is to be done"),
        choices=[
            (OutcomeChoice.RESOLVE.value, _("close it with a reason")),
            (OutcomeChoice.ASSIGN.value, _("hand it over to somebody")),
        ],
        widget=forms.Select(attrs=FIELD),
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[
            ("", _("Choose a reason")),
            *((reason.value, reason.label) for reason in Reason if reason != Reason.LATER_DOCUMENTS),
        ],
        widget=forms.Select(attrs=FIELD),
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs=FIELD | {"rows": 2}),
        help_text=_("Stands in the history of everything that the rule decides."),
    )

    def __init__(self, *args: Any, maker: User, **options: Any) -> None:
        super().__init__(*args, **options)
        scope = find_scope(maker, ADD_RULE_PERMISSION)
        shops = only_within(Shop.objects.order_by("number"), scope)
        every_shop = _("every shop") if scope.every_shop else _("Choose a shop")
        accounts = only_within(WriteOffAccount.objects.filter(is_active=True).select_related("shop"), scope)
        self.fields |= {
            "shop": RowField(shops, label=_("Shop"), nothing=every_shop),
            "store": RowField(_of_shops(Store, scope), word_of_shop, label=_("Store"), nothing=_("any")),
            "terminal": RowField(_of_shops(Terminal, scope), word_of_shop, label=_("Terminal"), nothing=_("any")),
            "employee": RowField(_of_shops(Employee, scope), word_of_shop, label=_("Cashier"), nothing=_("any")),
            "write_off_account": RowField(
                accounts, word_of_shop, label=_("Written off to"), nothing=_("Choose an account")
            ),
            "assignee": RowField(
                (list_workers() & people_of(scope)).order_by("username"),
                label=_("To whom"),
                nothing=_("Choose a colleague"),
            ),
        }

    @property
    def condition_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in CONDITIONS]

    @property
    def outcome_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in OUTCOMES]

    def make_rule(self) -> HouseRule:
        """The rule that the form describes, not saved. What belongs to the other outcome is left out."""
        said = dict(self.cleaned_data)
        order = {kind.value: place for place, kind in enumerate(KINDS)}
        said["kinds"] = sorted(said["kinds"], key=order.__getitem__)
        if said["outcome"] == OutcomeChoice.ASSIGN:
            said |= {"reason": "", "write_off_account": None}
        else:
            said["assignee"] = None
        if said["reason"] != Reason.WRITTEN_OFF:
            said["write_off_account"] = None
        # A rule for a place is one of the place's shop: in every shop, everybody would read what the place is called.
        place = said["store"] or said["terminal"] or said["employee"]
        said["shop"] = said["shop"] or (place and place.shop)
        return HouseRule(**said)

    def complain(self, refusal: RuleRefused) -> None:
        for name, fault in refusal.faults.items():
            self.add_error(name or None, fault)


def initial_of(rule: HouseRule) -> dict[str, Any]:
    """What the form says at first where it is to replace this rule."""
    return {name: getattr(rule, name) for name in ("name", *CONDITIONS, *OUTCOMES)}


def word_of_shop(row: Any) -> str:
    """Stores of two shops may have one name."""
    return f"{row.shop} · {row}" if row.shop else str(row)


def _of_shops(model: Any, scope: Scope) -> Any:
    return only_within(model.objects.select_related("shop").order_by("shop", "name", "evotor_id"), scope)
