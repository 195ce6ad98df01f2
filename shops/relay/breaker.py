"""Spares the registers a CRM that is dead: after some failures in a row it is not asked for a while. Pure.

Each process finds out for itself: three waits a process are cheap, and nothing has to be shared.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FAILURES_IN_A_ROW = 3
REST_SECONDS = 15


@dataclass(slots=True)
class _State:
    failures: int = 0
    closed_until: float = 0.0


@dataclass
class Breaker:
    """What is known of each address in this process."""

    read_clock: Callable[[], float] = time.monotonic
    _states: dict[str, _State] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def may_ask(self, address: str) -> bool:
        """Whether to try. After a rest one caller tries, and the others go on doing without until it has succeeded."""
        with self._lock:
            state = self._states.get(address)
            if state is None or state.failures < FAILURES_IN_A_ROW:
                return True
            now = self.read_clock()
            if now < state.closed_until:
                return False
            state.closed_until = now + REST_SECONDS
            return True

    def note_answer(self, address: str) -> None:
        with self._lock:
            self._states.pop(address, None)

    def note_failure(self, address: str) -> None:
        with self._lock:
            state = self._states.setdefault(address, _State())
            state.failures += 1
            state.closed_until = self.read_clock() + REST_SECONDS
