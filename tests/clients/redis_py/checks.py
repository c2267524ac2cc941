"""Named checks of a client library, carried out in order.

A program of checks is run as `PROGRAM ENTRY OTHER PROTOCOL KIND`: the ports of the node that is tried and of
another node of the same cluster (of a single server, its one port twice), `2` or `3` for the RESP version, and
`triad` or `redis`. It EMPTIES the store. Each check is told by its name; of one that fails, what was expected and
what came is told too, and the others go on. The exit code is 0 if all were right.
"""

import faulthandler
import os
import sys
import time
import traceback

# A program that hangs ends by itself after this, and shows where it stood.
PROGRAM_SECONDS = 180
# How long a condition may take to come true: far more than a loaded machine needs.
PATIENCE_SECONDS = 30
# How much of a time to live may have passed when it is asked for.
PASSED_SECONDS = 9

_checks = []


def check(name, kinds=("triad", "redis")):
    """Declares a check, by default one that holds for both kinds of server."""

    def declare(run):
        _checks.append((name, kinds, run))
        return run

    return declare


def equal(came, expected):
    if came != expected or type(came) is not type(expected):
        raise AssertionError(f"expected {_shown(expected)}, but {_shown(came)} came")


def holds(condition, what):
    if not condition:
        raise AssertionError(f"expected {what}")


def about(came, seconds):
    """So many seconds to live, of which a slow machine may have let some pass."""
    holds(seconds - PASSED_SECONDS <= came <= seconds, f"about {seconds} s, not {came}")


def fails(kind, text, action):
    """The action raises exactly this class of error, with this in its text."""
    try:
        came = action()
    except Exception as error:
        if type(error) is kind and text in str(error):
            return
        raise AssertionError(f"expected {kind.__name__} with {text!r}, but {error!r} came") from error
    raise AssertionError(f"expected {kind.__name__} with {text!r}, but {_shown(came)} came")


def eventually(what, action):
    """Asks until the answer is yes, and returns it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = action()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"still not so after {PATIENCE_SECONDS} s: {what() if callable(what) else what}")


def run_all(place, kind):
    """Carries out all checks that are meant for this kind of server, and ends the program."""
    faulthandler.dump_traceback_later(PROGRAM_SECONDS, exit=True)
    chosen = [(name, run) for name, kinds, run in _checks if kind in kinds]
    failed = 0
    for name, run in chosen:
        try:
            run(place)
            print(f"ok      {name}", flush=True)
        except Exception as error:
            failed += 1
            frame = traceback.extract_tb(error.__traceback__)[1]
            where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
            print(f"FAILED  {name} ({where}): {type(error).__name__}: {error}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


def _shown(value):
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"
