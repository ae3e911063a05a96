"""Judge the words in the status of a custom resource: phases, states, and health."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ..assessment import Activity, Health
from ..fields import is_mapping, items, said, text
from ..model import Manifest, record
from .condition_view import word_of
from .finding import Custom, Finding, held, waiting
from .rule import Context
from .words import Sense, is_under_way, plain, sense_of

__all__ = ["Word", "by_words", "faults", "parts_of", "second_words", "words_of"]

_KEYS = ("phase", "state", "status", "health", "currentState", "overallStatus")
_WORD_ENDINGS = (
    *("status", "state", "phase", "health", "stage", "Status", "State", "Phase", "Health"),
    "Stage",
)
# Past states say nothing about now, and conditions have their own meaning.
_PAST = re.compile(
    r"^(last|previous|prior|old)|[hH]istory|[eE]vents$|[cC]onditions$|^(interfaces|links?|networks?)$"
)
_FAILURES = re.compile(r"^(failed|failures|failureCount)$|^failed\w*Count$")
_ATTEMPTS = re.compile(r"^failed\w*Attempts$")
_BAD = (Sense.FAILED, Sense.DEGRADED)
_GOING = (Sense.STARTING, Sense.CHANGING)
_STOPPED = frozenset(("stopped", "paused", "suspended", "hibernated", "halted", "shutdown"))
_RUNS = frozenset(("running", "active", "started", "up", "scheduled", "submitted"))
_LONGEST = 200
_DEPTH = 6


@record
class Word:
    """A word of a status.

    Attributes:
        place: Where it is.
        word: The word.
        sense: What it means; None if unknown.
    """

    place: str
    word: str
    sense: Sense | None


def words_of(custom: Custom) -> list[Word]:
    """The words that state its health: those that its entry names, and otherwise the usual ones."""
    entry = custom.entry
    if entry.words:
        named = [
            (place or path.removeprefix("status."), value)
            for path in entry.words
            for place, value in custom.at(path)
        ]
    else:
        named = list(_usual(custom.status))
    return [_word(custom, place, word) for place, value in named if (word := text(value).strip())]


def _word(custom: Custom, place: str, word: str) -> Word:
    sense = custom.entry.means.get(plain(word)) if custom.entry.means else None
    return Word(place, word, sense_of(word) if sense is None else sense)


def _usual(status: Manifest) -> Iterator[tuple[str, object]]:
    """``phase`` and the like; ``health.status``, ``applicationState.state``."""
    keys = [key for key in map(str, status) if key.endswith(_WORD_ENDINGS)]
    for key in sorted(keys) if len(keys) > 1 else keys:
        value = status.get(key)
        if is_mapping(value) and not _is_past(key[:_LONGEST]):
            inner = next((name for name in _KEYS if text(value.get(name)).strip()), "")
            if inner:
                yield f"{key}.{inner}", value[inner]
        elif key in _KEYS:
            yield key, value


@lru_cache(2048)
def _is_past(key: str) -> bool:
    return _PAST.search(key) is not None


def by_words(
    custom: Custom, words: list[Word], context: Context, *, ready: bool, serving: bool
) -> Iterator[Finding]:
    """Findings of words.

    Args:
        custom: The object.
        words: Its words.
        context: The time and the policy.
        ready: A condition such as Ready says that all is well.
        serving: Its figures say that some of it serves.
    """
    for word in words:
        sense, reason, message = word.sense, _reason(word.word), _told(word)
        if sense is None:
            if not ready:
                unknown = f"{message}, a word that is not known"
                yield Finding(Health.UNKNOWN, Activity.STEADY, False, reason, unknown)
        elif sense in _BAD:
            up = sense is Sense.DEGRADED or (ready and not custom.ends)
            health = Health.DEGRADED if up else Health.DOWN
            cause = custom.cause(reason, said(word.word))
            yield Finding(health, Activity.STEADY, up, reason, message, cause=cause)
        elif sense is Sense.HELD:
            yield _held(reason, message)
        elif sense is Sense.ENDING:
            yield Finding(Health.DEGRADED, Activity.TERMINATING, True, reason, message)
        elif sense is Sense.GOOD:
            runs = custom.ends and plain(word.word) in _RUNS
            activity = Activity.PROGRESSING if runs else Activity.STEADY
            yield Finding(Health.HEALTHY, activity, True, reason, message, is_weak=ready)
        elif ready:
            yield _moves(reason, message)
        else:
            yield _going(custom, context, sense, (reason, message), serving=serving)


def _going(
    custom: Custom, context: Context, sense: Sense, told: tuple[str, str], *, serving: bool
) -> Finding:
    """Something in progress: a first start, a completion, or a change while it serves."""
    if sense is Sense.STARTING and not serving:
        found = waiting(custom, context, *told, first=True, serving=custom.ends)
        if found.is_late or not custom.ends:
            return found
    health = Health.HEALTHY if custom.ends else Health.DEGRADED
    return Finding(health, Activity.PROGRESSING, True, *told)


def second_words(custom: Custom, words: list[Word]) -> list[Word]:
    """Words that can only worsen a verdict or its activity, in a deterministic order.

    These are the values of keys that end in Status, State, Phase or Health: bad ones at any depth,
    others at most two levels down.
    """
    if custom.entry.words or "*" in custom.entry.ignore:
        return []
    known = {word.place for word in words}
    found = {entry for entry in _deep(custom.status) if entry[0] not in known}
    second: list[Word] = []
    for place, value, depth in sorted(found):
        word = _word(custom, place, value)
        # Disabled TLS, or an upgrade not started, says nothing about the object.
        held_at_the_top = word.sense is Sense.HELD and depth == 0 and plain(value) in _STOPPED
        moves = word.sense in _GOING and depth <= 2 and is_under_way(value)
        if word.sense in _BAD or held_at_the_top or moves:
            second.append(word)
    return second


def parts_of(custom: Custom) -> list[Word]:
    """The known words of its parts, at most two levels down, if nothing states the whole."""
    if custom.entry.words or "*" in custom.entry.ignore:
        return []
    found = sorted(entry for entry in _deep(custom.status) if entry[2] <= 1)
    words = [_word(custom, place, value) for place, value, _ in found]
    return [word for word in words if word.sense is not None and word.sense is not Sense.HELD]


def _deep(status: Manifest) -> Iterator[tuple[str, str, int]]:
    """The texts whose keys may hold words, each with its path and how deep it is."""
    waiting: list[tuple[object, str, int]] = [(status, "", 0)]
    while waiting:
        found, path, depth = waiting.pop()
        if depth > _DEPTH:
            continue
        if not is_mapping(found):
            # The state of one list item says nothing of the whole, unless it failed.
            waiting += [(entry, path, max(3, depth + 1)) for entry in items(found) if entry]
            continue
        for key, value in found.items():
            name, is_text = str(key), isinstance(value, str)
            if not value or isinstance(value, int | float):
                continue
            if is_text and not name.endswith(_WORD_ENDINGS):
                continue
            name = name[:_LONGEST]
            if _is_past(name):
                continue
            place = f"{path}.{name}" if path else name
            if is_text:
                yield place, value.strip(), depth
            else:
                waiting.append((value, place, depth + 1))


def faults(custom: Custom, second: list[Word]) -> list[Finding]:
    """Bad news and progress anywhere in the status: second words, and counts of failures."""
    return [*_by_second_words(custom, second), *_by_counts(custom)]


def _by_second_words(custom: Custom, second: list[Word]) -> Iterator[Finding]:
    for word in second:
        reason, message = _reason(word.word), _told(word)
        if word.sense is Sense.HELD:
            yield _held(reason, message)
        elif word.sense in _GOING:
            yield _moves(reason, message)
        else:
            yield _fault(custom, reason, message)


def _by_counts(custom: Custom) -> list[Finding]:
    found: list[Finding] = []
    counted = [
        (key, value)
        for key, value in custom.status.items()
        if type(value) is int and value > 0 and str(key)[:4] == "fail"
    ]
    for key, value in () if custom.entry.words else sorted(counted):
        failures = _FAILURES.search(key) is not None
        if not failures and not _ATTEMPTS.search(key):
            continue
        finding = _fault(custom, "Failures", f"{key} is {value}")
        if custom.ends or not failures:
            finding.health, finding.is_weak = Health.HEALTHY, True
        found.append(finding)
    return found


def _held(reason: str, message: str) -> Finding:
    stop = held(reason, message)
    stop.is_weak = True
    return stop


def _fault(custom: Custom, reason: str, message: str) -> Finding:
    cause = custom.cause(reason, message)
    return Finding(Health.DEGRADED, Activity.STEADY, True, reason, message, cause=cause)


def _moves(reason: str, message: str) -> Finding:
    return Finding(Health.HEALTHY, Activity.PROGRESSING, True, reason, message, is_weak=True)


def _told(word: Word) -> str:
    return f"{word.place.removeprefix('status.')} is {said(word.word)[:80]}"


def _reason(word: str) -> str:
    return _joined(said(word)[:80])


@lru_cache(2048)
def _joined(word: str) -> str:
    """A word as a reason; a phrase as one word."""
    joined = "".join(part[:1].upper() + part[1:] for part in word.split())
    return word_of(None, word, joined, "Stated")
