"""Marking codes of "Честный ЗНАК": a GS1 DataMatrix on a physical item.

Pure. biip reads the elements (GS1 General Specifications, section 3: application identifiers); the lengths that
the marking system prescribes, which GS1 leaves open, are checked here.
"""

import re
from dataclasses import dataclass

from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_messages import GS1Message

LIGHT_INDUSTRY = "LIGHT_INDUSTRY_MARKED"
LIGHT_INDUSTRY_SERIAL_LENGTH = 13
CHECK_KEY_LENGTH = 4  # of 91 and of 93
SIGNATURE_LENGTH = 44  # of 92

# Nearly all codes: a GTIN of Russia, and nothing that biip could object to. Reading it by biip takes ten times as long.
_TEXT = r"[!\"%-?A-Z_a-z]"
_USUAL = re.compile(rf"01(046[0-9]{{11}})21({_TEXT}{{1,20}})\x1d(?:91{_TEXT}{{4}}\x1d92{_TEXT}{{44}}|93{_TEXT}{{4}})")


@dataclass(frozen=True, slots=True)
class Mark:
    """A marking code taken apart. `fault` is empty for a well-formed one, else a word of `FAULTS`."""

    gtin: str
    serial: str
    fault: str

    @property
    def item(self) -> str:
        """What names the physical item: two codes with the same GTIN and serial are one item."""
        return f"{self.gtin}:{self.serial}" if self.gtin and self.serial else ""


NOT_GS1 = "not_gs1"
NO_GTIN = "no_gtin"
GTIN_CHECK_DIGIT = "gtin_check_digit"
NO_SERIAL = "no_serial"
SERIAL_LENGTH = "serial_length"
SIGNATURE = "signature"
FAULTS = (NOT_GS1, NO_GTIN, GTIN_CHECK_DIGIT, NO_SERIAL, SERIAL_LENGTH, SIGNATURE)


def read_mark(code: str, *, item_type: str = "") -> Mark:
    """The parts of `code`, the text of a DataMatrix with GS as `\\u001d`; `item_type` is the wire's `type`."""
    usual = _USUAL.fullmatch(code)
    if usual and gs1_standard_check_digit(usual[1][:-1]) == int(usual[1][-1]):
        has_other_length = item_type == LIGHT_INDUSTRY and len(usual[2]) != LIGHT_INDUSTRY_SERIAL_LENGTH
        return Mark(usual[1], usual[2], SERIAL_LENGTH if has_other_length else "")
    return read_mark_plainly(code, item_type=item_type)


def read_mark_plainly(code: str, *, item_type: str = "") -> Mark:
    """What `read_mark` gives, whatever the code."""
    try:
        elements = {element.ai.ai: element.value for element in GS1Message.parse(code).element_strings}
    except ParseError:
        return Mark("", "", NOT_GS1)
    gtin, serial = elements.get("01", ""), elements.get("21", "")
    return Mark(gtin, serial, _find_fault(gtin, serial, elements, item_type))


def _find_fault(gtin: str, serial: str, elements: dict[str, str], item_type: str) -> str:
    """The first fault in the order of `FAULTS`, or nothing."""
    if not gtin:
        return NO_GTIN
    if gs1_standard_check_digit(gtin[:-1]) != int(gtin[-1]):
        return GTIN_CHECK_DIGIT
    if not serial:
        return NO_SERIAL
    if item_type == LIGHT_INDUSTRY and len(serial) != LIGHT_INDUSTRY_SERIAL_LENGTH:
        return SERIAL_LENGTH
    long_form = len(elements.get("91", "")) == CHECK_KEY_LENGTH and len(elements.get("92", "")) == SIGNATURE_LENGTH
    short_form = len(elements.get("93", "")) == CHECK_KEY_LENGTH
    return "" if long_form or short_form else SIGNATURE
