"""Template tags for the line-by-line table: {% load comparison %}."""

from django import template
from django.utils.html import format_html

from reconciliation.comparison import Adjustment, State
from reconciliation.wording import ADJUSTMENTS, STATES

register = template.Library()


@register.simple_tag
def state_flag(state: State) -> str:
    """What became of a line: a sign and words, so that colour is never all there is."""
    sign, words = STATES[state]
    return format_html('<span class="state state-{}"><span class="sign">{}</span> {}</span>', state.value, sign, words)


@register.simple_tag
def adjustment_label(adjustment: Adjustment) -> str:
    return str(ADJUSTMENTS[adjustment])
