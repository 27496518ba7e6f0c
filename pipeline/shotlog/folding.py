"""How texts are compared: without letter case, accents and punctuation. Writing and asking both fold here."""

import re
import unicodedata

# Letters that carry no combining mark yet are written with a plain one on most keyboards.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i", "ħ": "h"}
)
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Letter case and accents taken off: Édith, EDITH and edith are one."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", spread) if not unicodedata.combining(letter))
    return bare.translate(_PLAIN)


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a text; whatever is no letter or figure ends a word: A001_C002 is two."""
    return tuple(_WORD.findall(fold(text)))
