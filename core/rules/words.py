"""The meaning of status words and condition names, whichever controller writes them.

Sources: Kubernetes' API conventions on conditions and phases, and the words that the API types of
widely used operators define for their phases and states. No word is in two classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import lru_cache

__all__ = ["SENSES", "Role", "Sense", "is_under_way", "plain", "role_of", "sense_of"]


class Sense(IntEnum):
    """The meanings of words, strongest first: a phrase has the strongest meaning in it."""

    FAILED = 0
    """It does not do its job."""
    DEGRADED = 1
    """It does its job with less than it should have, or after a failure."""
    ENDING = 2
    """It is being deleted."""
    HELD = 3
    """It was stopped on purpose."""
    STARTING = 4
    """It has not served yet."""
    CHANGING = 5
    """What serves is being changed."""
    GOOD = 6
    """It does its job, or has done it."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SENSES: Mapping[Sense, frozenset[str]] = {
    Sense.FAILED: _words(
        """
        abandoned abnormal aborted backoff bad blocked broken canceled cancelled cannot conflict
        corrupt corrupted crashed crashloop crashloopbackoff critical dataloss dead
        deadlineexceeded denied disconnected diskfull down err error errored errors evicted
        exceeded exception exhausted expired fail failed failing fails failure fatal fault
        faulted faulty fenced imagepullbackoff inaccessible incompatible incomplete interrupted
        invalid killed ko lost misconfigured mismatch missing nok noquorum notfound notinquorum
        offline oomkilled orphaned outofspace panic poor preempted quarantined red refused
        rejected removed revoked splitbrain stalled stuck terminal timedout timeout unable
        unauthorized unavail unavailable unhealthy unreachable unrecoverable unresponsive
        unschedulable unsupported violation
        """
    ),
    Sense.DEGRADED: _words(
        """
        behind degraded dirty drifted full impaired insufficient isolated lagging noncompliant
        outofdate outofsync overloaded partial partially readonly rollback rollingback stale
        suboptimal throttled unbalanced unknownhealth unstable warn warning warnings yellow
        """
    ),
    Sense.ENDING: _words(
        """
        cleanup decommissioning deleted deleting deletion deprovisioning destroying finalizing
        pruning removing terminating termination uninstalling
        """
    ),
    Sense.HELD: _words(
        """
        asleep cordoned deactivated disabled dormant frozen halted held hibernated hibernating
        ignored inactive inmaintenance maintenance maintenancemode off onhold parked paused
        pausing poweredoff scaleddown scaledtozero shutdown skip sleeping stopped suspended
        suspending unmanaged
        """
    ),
    Sense.STARTING: _words(
        """
        allocating attaching awaiting binding booting bootstrap bootstrapping cloning connecting
        creating deploying detecting discovering downloading generating importing init initial
        initialising initialization initializing installing issuing joining launching loading
        new notstarted pending pendinginstall planned planning preparing provision provisioning
        pulling queued registering requested scheduling setting setup starting submitted unbound
        undeployed unpacking unscheduled uploading validating verifying waiting warming
        warmingup
        """
    ),
    Sense.CHANGING: _words(
        """
        activating adjusting applying archiving backfilling balancing building canceling
        cancelling cleaning compacting compiling configuring converging copying deactivating
        detaching draining editing electing enabling evicting executing expanding expansion
        exporting failover healing inprogress migrating modifying moving ongoing optimizing
        pendingupgrade persisting prepare processing progressing promoting purging rebalancing
        rebooting rebuilding reconciling reconfiguring reconnecting reconstructing recovering
        recovery recreating refreshing regenerating reindexing reloading relocating remediating
        renewing repairing replacing replicating resharding resizing restarted restarting
        restarts restore restoring resuming resyncing retrying rolling rollout rotating scaling
        stopping switching switchover synchronising synchronizing syncing transitioning updating
        upgrade upgrading
        """
    ),
    Sense.GOOD: _words(
        """
        accepted ack active admitted alive allocated applied approved assigned attached
        available bootstrapped bound clean committed complete completed compliant
        configured connected consistent converged created current deployed done downloaded
        enabled ensured established executed exists exported finished fulfilled good green
        healthy idle imported initialized installed insync inuse issued joined leader live
        loaded managed master migrated mounted nominal normal ok online open operational optimal
        pass passed populated present primary processed programmed promoted propagated
        provisioned published reachable ready readytouse reconciled recovered registered
        released replica resolved responsive restored running satisfied scheduled served serving
        settled skipped stable standby started steady streaming subscribed succeed succeeded
        success successful sufficient synced synchronised synchronized unsealed up updated
        upgraded uptodate valid validated verified wellformed
        """
    ),
}
"""The vocabulary, in lower case and without separators."""

_BY_WORD = {word: sense for sense, words in SENSES.items() for word in words}
# Endings and beginnings of compound words: SyncFailed, WaitingForQuorum.
_ENDINGS = (
    ("timeout", Sense.FAILED),
    ("timedout", Sense.FAILED),
    ("failed", Sense.FAILED),
    ("failure", Sense.FAILED),
    ("error", Sense.FAILED),
    ("err", Sense.FAILED),
    ("inprogress", Sense.CHANGING),
)
_BEGINNINGS = (
    ("waitingfor", Sense.STARTING),
    ("waitfor", Sense.STARTING),
    ("partially", Sense.DEGRADED),
    ("failed", Sense.FAILED),
)
# Words that negate the next one; alone they say nothing.
_NEGATIONS = frozenset(("not", "no", "never", "non", "un", "without"))
_UNDER_WAY = (Sense.STARTING, Sense.CHANGING, Sense.ENDING)
# Within a phrase these say nothing: "backing off", "scaling down".
_WEAK = frozenset(("off", "up", "down", "new", "restore", "primary", "on"))
_RATIO = re.compile(r"(?<!\d)(\d{1,6})\s?/\s?(\d{1,6})(?!\d)")
_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 120


class Role(IntEnum):
    """The role of a condition."""

    PRIMARY = 0
    """It states health: False is down, unless it is in progress."""
    POSITIVE = 1
    """It states that something is as it should be."""
    NEGATIVE = 2
    """It states a fault while it is True."""
    MOVING = 3
    """It states that something is being done while it is True."""
    HOLDING = 4
    """It states that the object was stopped on purpose while it is True."""
    INVERSE = 5
    """It states health the other way round: NotReady."""
    OTHER = 6
    """Its name says nothing: it counts only if its reason is a failure."""


_ROLES = {
    **dict.fromkeys(("Ready", "Available", "Succeeded", "Established", "Healthy"), Role.PRIMARY),
    **dict.fromkeys(("NotReady", "Unavailable", "Unhealthy"), Role.INVERSE),
    **dict.fromkeys(("Hibernating", "hibernation"), Role.HOLDING),
    **dict.fromkeys(
        (
            "Creating",
            "Deploying",
            "Initializing",
            "Installing",
            "Issuing",
            "Migrating",
            "Pending",
            "Progressing",
            "Rebalancing",
            "Provisioning",
            "Reconciling",
            "Restarting",
            "Resuming",
            "RollingOut",
            "RollingRestart",
            "RollingUpdate",
            "Rollout",
            "Scaling",
            "ScalingDown",
            "ScalingUp",
            "Updating",
            "Upgrading",
        ),
        Role.MOVING,
    ),
    **dict.fromkeys(("Stuck", "ACK.Terminal", "ACK.Recoverable"), Role.NEGATIVE),
}
_POSITIVE = (
    "Accepted",
    "Admitted",
    "Applied",
    "Approved",
    "Attached",
    "Available",
    "Bound",
    "Complete",
    "Completed",
    "Configured",
    "Connected",
    "Created",
    "Deployed",
    "Established",
    "Finished",
    "Healthy",
    "Initialized",
    "Installed",
    "Programmed",
    "Provided",
    "Provisioned",
    "Ready",
    "Reconciled",
    "Registered",
    "Resolved",
    "Running",
    "Satisfied",
    "Scheduled",
    "Succeeded",
    "Success",
    "Successful",
    "Synced",
    "Synchronized",
    "UpToDate",
    "Updated",
    "Valid",
    "Validated",
)
_NEGATIVE = (
    "Conflict",
    "Conflicted",
    "Degraded",
    "Error",
    "Expired",
    "Failed",
    "Failing",
    "Failure",
    "Fallback",
    "Invalid",
    "Irreconcilable",
    "Lost",
    "Misconfigured",
    "Pressure",
    "Problem",
    "Stalled",
    "Unavailable",
    "Unhealthy",
    "Unreachable",
    "Unschedulable",
)
_NAMED = (
    (_NEGATIVE, Role.NEGATIVE),
    (("Paused", "Suspended", "Stopped", "Hibernated"), Role.HOLDING),
    (
        (
            *("InProgress", "Migrating", "Progressing", "Provisioning", "Reconciling", "Updating"),
            "Upgrading",
        ),
        Role.MOVING,
    ),
    (_POSITIVE, Role.POSITIVE),
)
# Their absence is good news, but their presence alone is not bad news.
_REMARKS = ("Errors", "Warning", "Warnings")
_STARTS_WELL = re.compile("Resolved|Valid[A-Z]")
_PRIMARY = frozenset(("ready", "available", "succeeded", "established", "healthy"))
# Each may be good, bad or neither.
_REMARKABLE = frozenset(("Active", "Disabled", "Drifted", "Enabled", "Inactive", "Off", "Primary"))
_BAD_PREFIXES = ("Not", "Un", "No", "Partially", "Invalid")


def plain(word: str) -> str:
    """A word as the vocabulary has it: in lower case and without separators."""
    return _SEPARATORS.sub("", word).lower()


def sense_of(text: str) -> Sense | None:
    """The meaning of a word or a phrase; None if it is unknown."""
    return _sense(text) if len(text) <= _LONGEST else None


@lru_cache(4096)
def _sense(text: str) -> Sense | None:
    whole = plain(text)
    found = _BY_WORD.get(whole)
    if found is not None:
        return found
    if whole.endswith("approval"):
        # A person must act.
        return Sense.HELD
    parts = _parts(text)
    for beginning, sense in _BEGINNINGS:
        if whole.startswith(beginning):
            return sense
    if parts and parts[0] not in _NEGATIONS:
        for ending, sense in _ENDINGS:
            if whole.endswith(ending):
                return sense
    return _by_parts(text, whole, parts)


def _by_parts(text: str, whole: str, parts: list[str]) -> Sense | None:
    """The meaning of a phrase by its words."""
    figures = _RATIO.search(text)
    if figures and int(figures[1]) < int(figures[2]):
        return Sense.DEGRADED if int(figures[1]) else Sense.FAILED
    senses = set(_senses(parts))
    if not senses and len(parts) == 1:
        return _formed(whole)
    if senses == {Sense.STARTING, Sense.CHANGING}:
        # A change that has not begun yet: what serves goes on serving.
        return Sense.CHANGING
    return min(senses, default=None)


def _formed(word: str) -> Sense | None:
    """The meaning of an unknown word by its form: resharding, desynced."""
    for prefix in ("un", "dis", "in", "non", "de", "not"):
        if word.startswith(prefix) and _BY_WORD.get(word[len(prefix) :]) is Sense.GOOD:
            return Sense.DEGRADED
    return Sense.CHANGING if word.endswith("ing") and len(word) > 5 else None


@lru_cache(4096)
def is_under_way(reason: str) -> bool:
    """Whether a reason says that something is being done; NotReady does not."""
    return sense_of(reason) in _UNDER_WAY and _NEGATIONS.isdisjoint(_parts(reason))


def _parts(text: str) -> list[str]:
    return [part.lower() for part in _SPLIT.findall(text)]


def _senses(parts: list[str]) -> Iterator[Sense]:
    """The senses of a phrase's words; a negated good one means starting, a failed one good."""
    negated = False
    for number, word in enumerate(parts):
        if word in _NEGATIONS:
            negated = True
            continue
        following = parts[number + 1] if number + 1 < len(parts) else ""
        if (word, following) == ("failing", "over"):
            yield Sense.CHANGING
            continue
        sense = None if word in _WEAK else _BY_WORD.get(word)
        if sense is None:
            continue
        if not negated:
            yield sense
        elif sense is Sense.GOOD:
            yield Sense.STARTING
        elif sense is Sense.FAILED:
            yield Sense.GOOD
        negated = False


@lru_cache(4096)
def role_of(type_: str) -> Role | None:
    """The role of a condition by its name; None if the name does not say."""
    # Some have a group before it, as in networking.example.com/Ready.
    name = type_.rpartition("/")[2]
    known = _ROLES.get(name)
    if known is not None:
        return known
    for prefix in _BAD_PREFIXES:
        rest = name[len(prefix) :]
        if name.startswith(prefix) and (rest[:1].isupper() or rest.capitalize() in _POSITIVE):
            # Not bad means good: NoConflict, NotFailed.
            bad = rest.endswith((*_NEGATIVE, *_REMARKS)) and prefix in ("Not", "No")
            return Role.POSITIVE if bad else Role.NEGATIVE
    for ending, role in _NAMED:
        if name.endswith(ending):
            return role
    if _STARTS_WELL.match(name):
        return Role.POSITIVE
    if name.lower() in _PRIMARY:
        return Role.PRIMARY
    return _role_of_words(name)


def _role_of_words(name: str) -> Role | None:
    """By the vocabulary: a name's last word says if it is good, bad, or in progress."""
    parts = _parts(name)
    if not parts or name in _REMARKABLE:
        return None
    sense = _BY_WORD.get(plain(name)) or _BY_WORD.get(parts[-1])
    if sense in (Sense.FAILED, Sense.DEGRADED):
        return None if name.endswith(_REMARKS) else Role.NEGATIVE
    if sense is Sense.GOOD:
        return Role.POSITIVE
    if sense in (Sense.STARTING, Sense.CHANGING) and len(parts) == 1 and name.endswith("ing"):
        return Role.MOVING
    return None
