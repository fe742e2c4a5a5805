"""One question of a form, whoever asks it: the web page, the advisor's screen or a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

#: What one answer can be once cleaned: text (dates as ISO), number, yes or no, several texts.
Answer = str | int | float | bool | list[str]

#: A photo, a letter, a second photo: more than this is a different conversation.
MAX_FILES = 5

_CHOOSERS = frozenset({"radios", "select", "checkboxes", "yes_no"})


class FieldKind(StrEnum):
    """How a question is asked and what its answer is."""

    TEXT = "text"
    TEXTAREA = "textarea"
    EMAIL = "email"
    TEL = "tel"
    POSTCODE = "postcode"
    ADDRESS = "address"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    YES_NO = "yes_no"
    RADIOS = "radios"
    SELECT = "select"
    CHECKBOXES = "checkboxes"
    FILE = "file"
    #: Taken on a provider's page; the answer is the reference that the provider gives.
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer: `value` is kept, `words` are shown."""

    value: str | int
    words: str


YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))


@dataclass(frozen=True, slots=True)
class ShowIf:
    """Ask only when `field` was answered with one of `equals` (or has it among its ticks)."""

    field: str
    equals: tuple[str | int | float | bool, ...]

    def holds(self, answer: object) -> bool:
        """Whether an answer to the other question brings this one up."""
        given = answer if isinstance(answer, list | tuple) else [answer]
        return any(type(one) is type(want) and one == want for one in given for want in self.equals)


@dataclass(frozen=True, slots=True)
class Field:
    """One question; `max_length` is in characters, `minimum` and `maximum` bound numbers.

    `multiple` lets a file question take several files. `public` is False for questions that
    only an advisor is asked. `url` is the page (https) on which a payment is taken. `words` holds
    the form's own error texts by kind of error
    ("required", "invalid"), used before the general ones.
    """

    name: str
    kind: FieldKind
    question: str
    hint: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    max_length: int = 0
    minimum: float | None = None
    maximum: float | None = None
    multiple: bool = False
    url: str = ""
    show_if: ShowIf | None = None
    public: bool = True
    words: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def max_files(self) -> int:
        """How many files this question takes; 0 when it is not about files."""
        if self.kind is not FieldKind.FILE:
            return 0
        return MAX_FILES if self.multiple else 1

    @property
    def subject(self) -> str:
        """The question as the subject of a sentence: "Your answer" when it is a real question."""
        return "Your answer" if self.question.endswith("?") else self.question

    @property
    def required_words(self) -> str:
        """What to say when the question was left empty."""
        if own := self.words.get("required"):
            return own
        verb = "Select" if self.kind.value in _CHOOSERS else "Enter"
        if self.kind is FieldKind.FILE:
            verb = "Choose"
        if self.question.endswith("?"):
            return f"{verb} an answer to “{self.question}”"
        return f"{verb} {_lower_first(self.question)}"

    def invalid_words(self, general: str) -> str:
        """What to say when the answer makes no sense: the form's own words, else `general`."""
        return self.words.get("invalid", general)

    def words_of(self, answer: object) -> str:
        """The words a person chose by `answer`; an unknown one (an older form) as it is."""
        known = {choice.value: choice.words for choice in self.choices}
        if isinstance(answer, bool):
            return "Yes" if answer else "No"
        if isinstance(answer, str | int):
            return known.get(answer, str(answer))
        return str(answer)


def _lower_first(words: str) -> str:
    """ "Full name" → "full name", but "UK address" and "NHS number" keep their capitals."""
    if len(words) > 1 and words[1].isupper():
        return words
    return words[:1].lower() + words[1:]
