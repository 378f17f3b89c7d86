"""How words of the command line are read: spelling of options, values, wrong usage."""

from __future__ import annotations

import argparse
import difflib
import math
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

#: Exit code of wrong usage or input.
WRONG_INPUT = 2
#: How similar a suggestion is to what was typed, from 0 to 1.
_SIMILAR = 0.7


class _OneLineParser(argparse.ArgumentParser):
    """A parser that reports wrong usage in one line, as every other error."""

    def __init__(self, **options: Any) -> None:
        # An abbreviation that is unique today may be ambiguous with the next option.
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Exit with a line that names the help of this command."""
        if message.endswith("required: TRAJECTORY"):
            message += " (give a PDB file with several models twice)"
        self.exit(WRONG_INPUT, f"mdgmvae: error: {message}; see {self.prog} --help\n")


class MainParser(_OneLineParser):
    """The parser of the command mdgmvae, which begins with the name of one of its commands."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse words after checking that they begin with a command."""
        words = list(sys.argv[1:] if args is None else args)
        first = words[0] if words else ""
        commands = self._commands()
        if first.startswith("-") and first not in self._option_string_actions:
            named = next((word for word in words if word in commands), None)
            parser = self if named is None else commands[named]
            usage = f"mdgmvae {named or 'COMMAND'} ... {first}"
            parser.error(f"{first}: options follow the command, as in {usage}")
        if first and not first.startswith("-") and first not in commands:
            hint = _suggestion(first, {name: name for name in commands})
            self.error(f"{first}: no such command{hint}; choose from {', '.join(commands)}")
        return super().parse_known_args(words, namespace)

    def _commands(self) -> dict[str, argparse.ArgumentParser]:
        """Return the parser of each command by its name."""
        assert self._subparsers is not None
        found: dict[str, argparse.ArgumentParser] = self._subparsers._group_actions[0].choices  # type: ignore[assignment]
        return found


class CommandParser(_OneLineParser):
    """The parser of one command.

    In long options "-" and "_" are the same. An unknown option is an error that suggests a
    similar one.
    """

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse words after spelling their options as this parser does."""
        words = list(sys.argv[1:] if args is None else args)
        known = {_key(option): option for option in self._option_string_actions}
        end = words.index("--") if "--" in words else len(words)
        spelt = [self._spelt(word, known) for word in words[:end]] + words[end:]
        options, rest = super().parse_known_args(spelt, namespace)
        if rest and rest[0].startswith("-"):
            self.error(f"{rest[0]}: no such option{_suggestion(f'-{_key(rest[0])}', known)}")
        if rest:
            takes_files = any(not action.option_strings for action in self._actions)
            advice = "give all files before the options" if takes_files else "it takes only options"
            self.error(f"{rest[0]}: {self.prog} does not expect this; {advice}")
        return options, rest

    def _spelt(self, word: str, known: dict[str, str]) -> str:
        """Return a word with its option as it is defined."""
        if not word.startswith("--"):
            return word
        name, equals, value = word.partition("=")
        if _key(name) in known:
            return f"{known[_key(name)]}{equals}{value}"
        self.error(f"{name}: no such option{_suggestion(_key(name), known)}")


def _suggestion(name: str, known: dict[str, str]) -> str:
    """Return a question with the known name that is most similar, or ""."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=_SIMILAR)
    return f" (did you mean {known[close[0]]}?)" if close else ""


def _key(option: str) -> str:
    """Return an option with its dashes as underscores, except those at the start."""
    bare = option.lstrip("-")
    return option[: len(option) - len(bare)] + bare.replace("-", "_")


def widths(text: str) -> list[int]:
    """Read the widths of one or more layers: "64" or "64,32"."""
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a layer width, such as 64 or 64,32"
        ) from error


def components(text: str) -> list[int]:
    """Read one or more numbers of components: "5" or "3,5,10"; none of them from "none"."""
    if text.lower() == "none":
        return []
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of numbers; write 3,5,10"
        ) from error


def name(text: str) -> str:
    """Read the name of a file or folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; give a name")
    return text


def number(text: str) -> float | int | None:
    """Read a number, or None from "none"."""
    if text.lower() == "none":
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error


def kelvin(text: str) -> float:
    """Read a temperature in kelvin."""
    return _positive(text, "a temperature", "kelvin")


def picoseconds(text: str) -> float:
    """Read a time in ps."""
    return _positive(text, "a time", "ps")


def time_of_frame(text: str) -> float:
    """Read the time of a frame in ps, which may be 0 or less."""
    value = number(text)
    if value is None or not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is not a time in ps")
    return float(value)


def _positive(text: str, quantity: str, unit: str) -> float:
    value = number(text)
    if value is None or not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not {quantity}; it must be above 0 {unit}")
    return float(value)
