"""The page of every message reads the source as it is meant."""

from __future__ import annotations

from pathlib import Path

from docs.generate import ERRORS, Source, render_messages

EXAMPLE = '''
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.errors.wording import Command, Option, Remedy, Text

CURE = "Copy it again."


def where(path):
    return f"{path} is not there."


def check(count, most, path, odd):
    """A docstring is no message."""
    if count < most:
        text = "too few" if odd else "none"
        raise WrongRequest(Option("max_examples"), f" must be at least {most}: {text}. {CURE}")
    notes = Text("See ", Command("audit", (str(path),), (Option("suspect_labels", value=True),)), ".")
    raise UnusableCorpus(where(path), Remedy("Take fewer steps: ", Option("epochs", 3), "."))
'''


def lines_of(code: str, folder: Path) -> list[str]:
    (folder / "code.py").write_text(code)
    return "\n".join(Source(folder / "code.py").messages()).splitlines()


def test_a_message_is_listed_with_its_class_at_both_doors_and_with_its_remedies(tmp_path: Path):
    assert lines_of(EXAMPLE, tmp_path) == [
        "WrongRequest: --max-examples must be at least …: (too few | none). Copy it again.",
        "  in Python: max_examples must be at least …: (too few | none). Copy it again.",
        "text: See hubel audit ... --suspect-labels.",
        "  in Python: See hubel.audit_corpus(..., suspect_labels=True).",
        "UnusableCorpus: … is not there.",
        "  remedy: Take fewer steps: --epochs 3.",
        "  in Python: Take fewer steps: epochs=3.",
    ]


def test_long_messages_are_wrapped_and_a_word_is_never_broken(tmp_path: Path):
    lines = lines_of(f'raise WrongRequest("{"many words and an a-hyphen-in-a-word " * 9}.")', tmp_path)
    assert max(map(len, lines)) <= 116
    assert not any(line.endswith("-") for line in lines)


def test_every_class_of_error_with_a_message_of_its_own_is_on_the_page():
    page = render_messages()
    assert {name for name in ERRORS if f"\n{name}: " not in page} == {"HubelError"}  # the base of all is never raised
