"""The form in which a log value is kept: checked, and the same however it was typed."""

import re
from datetime import date

from pipeline.errors import ValueRefused
from pipeline.fields import ALIASES, BY_NAME, Field
from pipeline.shotlog.query import FLAGS

HIGHEST_RATING = 5


def settable(name: str) -> Field:
    """The log field of that name or alias. Raises ValueRefused for what cannot be set by hand."""
    field = BY_NAME.get(ALIASES.get(name.lower(), name.lower()))
    known = ", ".join(each.name for each in BY_NAME.values() if each.origin == "log")
    if field is None:
        raise ValueRefused(f"'{name}' is no field; set one of {known}.")
    if field.origin != "log":
        raise ValueRefused(f"'{field.name}' is read from the media and is not set by hand; set one of {known}.")
    return field


def normal(field: Field, value: str) -> str:
    """`value` as the log keeps it. Raises ValueRefused with a sentence."""
    text = " ".join(value.split()) if field.name != "note" else value.strip()
    if not text:
        raise ValueRefused(f"A value for '{field.name}' is empty; to take one out, clear it.")
    text = text.encode("utf-8", "replace").decode()  # a name that is no Unicode cannot be stored as text
    match field.kind:
        case "date":
            return _day(text)
        case "number":
            if not re.fullmatch(r"[0-9]", text) or int(text) > HIGHEST_RATING:
                raise ValueRefused(f"'{value}' is no {field.name}; give a whole number from 0 to {HIGHEST_RATING}.")
            return text
        case "flag":
            if text.lower() not in FLAGS:
                raise ValueRefused(f"'{field.name}' is yes or no, not '{value}'.")
            return "yes" if FLAGS[text.lower()] else "no"
        case _:
            return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueRefused(f"'{text}' is no day; write it as 2019-10-12.") from None
