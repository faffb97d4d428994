"""What each tape was doing when an operation was executed: recording, told to stop, or not yet there."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set, Tuple

from ..oplog import OpLog
from .provenance import Provenance


class TapeLife:
    """The life of one tape, in numbers of operations."""

    def __init__(self, number: int, start: int) -> None:
        self.number = number
        self.start = start
        """The number of the first operation after it was entered."""
        self.spans: List[List[int]] = []
        """The stretches of operations that it recorded; an open one has no second number."""
        self.inside: List[List[int]] = []
        """The stretches inside its block, whether it recorded or not."""
        self.watched: Dict[int, int] = {}
        """What it was told to watch, by key, and when."""
        self.watch_places: Dict[int, Optional[int]] = {}
        self.made_at: Optional[int] = None
        """The place where it was made."""
        self.watch_all = True
        self.asked_at: Set[Optional[int]] = set()
        """The places of the queries that it has answered."""

    def recorded(self, number: int) -> bool:
        """Whether it was recording when an operation was executed."""
        return _covers(self.spans, number)

    def inside_block(self, number: int) -> bool:
        """Whether an operation was executed in its block."""
        return _covers(self.inside, number)

    @property
    def end(self) -> int:
        """The number of the first operation behind its block; 0 while it is open."""
        last = self.inside[-1] if self.inside else []
        return last[1] if len(last) == 2 else 0


def _covers(spans: List[List[int]], number: int) -> bool:
    return any(span[0] <= number and (len(span) == 1 or number < span[1]) for span in spans)


class Tapes:
    """Follows every `tf.GradientTape` of a run."""

    def __init__(self, log: OpLog, trace: Provenance) -> None:
        self.log = log
        self.trace = trace
        self.queries: List[Tuple[int, int]] = []
        """The stretches of operations that queries executed."""
        self._lives: Dict[int, TapeLife] = {}
        # Tapes are kept, so that none gets the identity of one that is gone.
        self._kept: List[Any] = []

    def install(self) -> None:
        """Put the wrappers on the class."""
        from tensorflow.python.eager import backprop

        tape: Any = backprop.GradientTape
        make, enter, leave = tape.__init__, tape.__enter__, tape.__exit__
        push, pop, watch = tape._push_tape, tape._pop_tape, tape.watch

        def made(this: Any, *args: Any, **kwargs: Any) -> None:
            make(this, *args, **kwargs)
            self.of(this).made_at = self.trace.place

        def entered(this: Any) -> Any:
            self.log.install()
            self.of(this).inside.append([self.log.next])
            return enter(this)

        def left(this: Any, *args: Any) -> Any:
            answer = leave(this, *args)
            _close(self.of(this).inside, self.log.next)
            return answer

        def pushed(this: Any) -> None:
            push(this)
            self.of(this).spans.append([self.log.next])

        def popped(this: Any) -> None:
            pop(this)
            _close(self.of(this).spans, self.log.next)

        def watched(this: Any, tensor: Any) -> None:
            import tensorflow as tf

            watch(this, tensor)
            for leaf in tf.nest.flatten(tensor):
                key = self.trace.key(leaf)
                if key is not None and key not in self.of(this).watched:
                    self.of(this).watched[key] = self.log.next
                    self.of(this).watch_places[key] = self.trace.place

        for name, wrapper in (
            ("__init__", made),
            ("__enter__", entered),
            ("__exit__", left),
            ("_push_tape", pushed),
            ("_pop_tape", popped),
            ("watch", watched),
        ):
            setattr(tape, name, wrapper)

    def of(self, tape: Any) -> TapeLife:
        """Return the life of a tape."""
        life = self._lives.get(id(tape))
        if life is None:
            life = self._lives[id(tape)] = TapeLife(len(self._kept), self.log.next)
            life.watch_all = bool(getattr(tape, "_watch_accessed_variables", True))
            self._kept.append(tape)
        return life

    def recorded_by_another(self, number: int, life: TapeLife) -> bool:
        """Whether it was another tape that recorded an operation: one that is not around this one."""
        others = (other for other in self._lives.values() if other is not life and other.recorded(number))
        return any(not other.inside_block(life.start) for other in others)

    def during_query(self, number: int) -> bool:
        """Whether an operation was executed to answer a query."""
        return any(start <= number < end for start, end in self.queries)


def _close(spans: List[List[int]], number: int) -> None:
    if spans and len(spans[-1]) == 1:
        spans[-1].append(number)
