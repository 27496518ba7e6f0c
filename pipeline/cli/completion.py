"""Bash and our words: it splits them at `:` and `=`, so that `location:vi` arrives in three pieces."""

import os
from itertools import takewhile

from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

_BREAKS = ":="


class JoiningBash(BashComplete):
    """Puts the pieces of a word together again, and answers with the part that bash still holds in its hand."""

    name = "bash"
    _held = 0  # characters of the word before the piece that bash completes

    def get_completion_args(self) -> tuple[list[str], str]:
        words = split_arg_string(os.environ["COMP_WORDS"])
        words = (
            words[: int(os.environ["COMP_CWORD"]) + 1] if int(os.environ["COMP_CWORD"]) < len(words) else [*words, ""]
        )
        joined = _joined(words)
        piece = words[-1]
        word = joined[-1]
        self._held = len(word) - len(piece) if piece.strip(_BREAKS) else len(word)
        return joined[1:-1], word

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value[self._held :]}"


def _joined(words: list[str]) -> list[str]:
    """Pieces that bash broke at `:` and `=`, as the words they were: a piece of breaks alone joins its neighbours."""
    joined: list[str] = []
    glue = False
    for word in words:
        breaks = bool(word) and not word.strip(_BREAKS)
        if joined and (breaks or glue):
            joined[-1] += word
        else:
            joined.append(word)
        glue = breaks or (bool(word) and word[-1] in _BREAKS and bool(list(takewhile(str.isalpha, word))))
    return joined


def learn_bash() -> None:
    """Let click complete for bash as above."""
    add_completion_class(JoiningBash)
