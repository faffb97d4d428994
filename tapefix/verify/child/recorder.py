"""Watching the tapes of a script: every query, what it was asked, and what it answered."""

from __future__ import annotations

import functools
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from .answers import Answers
from .frames import Frames
from .legacy import install_legacy
from .oplog import OpLog
from .oracle import Oracle
from .query import CHECKED, Query
from .sites import METHODS, Site, find_sites, site_of
from .stream import Stream
from .tracing.explainer import Explainer
from .views import Hollow, Views, let_operations_take_hollow

KEPT = 64


class Recorder:
    """Wraps the methods of `tf.GradientTape` for one run."""

    def __init__(
        self,
        stream: Stream,
        frames: Frames,
        log: OpLog,
        oracle: Oracle,
        text: str,
        request: Dict[str, Any],
        finish: Callable[[str], None],
    ) -> None:
        self.stream = stream
        self.frames = frames
        self.log = log
        self.oracle = oracle
        self.samples: int = request["samples"]
        self.checking: bool = request["oracle"]
        self.masks: Dict[str, List[List[int]]] = request["mask"]
        self.zeros: Dict[str, List[List[int]]] = request["zeros"]
        self.single: Dict[str, List[List[int]]] = request["single"]
        self.empty: List[str] = request["empty"]
        self.kept = Answers(request["answers"], request["keep"], request["handed"])
        self.finish = finish
        self.views = Views(log, stream.emit)
        self.sites: List[Site] = find_sites(text)
        self.reached: Dict[str, int] = {}
        self.explainer: Optional[Explainer] = None
        self._inside = threading.local()
        self._started = time.monotonic()
        self._timer: Optional[threading.Timer] = None
        self._symbolic = False
        self.patient = bool(request["graph"])
        """Whether what follows the queries is waited for, as long as there is time."""
        self._stepping = 0
        self._tapes = 0

    def install(self) -> None:
        """Put the wrappers on the class."""
        from tensorflow.python.eager import backprop
        from tensorflow.python.ops import custom_gradient

        tape = backprop.GradientTape
        for method in ("gradient", "jacobian", "batch_jacobian"):
            setattr(tape, method, self._wrapped(method, getattr(tape, method)))
        enter = tape.__enter__

        def entered(this: Any) -> Any:
            self.log.install()
            if not hasattr(this, "_tapefix_start"):
                this._tapefix_start, this._tapefix_left = self.log.next, self.oracle.left
            return enter(this)

        tape.__enter__ = _unconverted(entered)
        install_legacy(self._refused)
        plain = getattr(custom_gradient, "_eager_mode_decorator", None)
        if plain is not None:
            custom_gradient._eager_mode_decorator = self._custom(plain)

    def _custom(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def marked(function: Any, args: Any, kwargs: Any) -> Any:
            start = self.log.next
            answer = plain(function, args, kwargs)
            code = getattr(function, "__code__", None)
            # Those of TensorFlow and Keras give the true derivative; the script's own may mean to differ.
            if code is not None and code.co_filename.startswith((self.frames.path, self.frames.root)):
                self.log.mark_custom(start, code.co_name)
            return answer

        return marked

    def _refused(self, target: Any, sources: Any, weights: Any, error: BaseException) -> None:
        """Note what was asked for without a tape, and raised."""
        position, function = self.frames.position()
        if getattr(self._inside, "depth", 0) or not self.stream.ours or position is None:
            return
        site = site_of(self.sites, position)
        key = str(site) if site is not None else "line %d" % position[0]
        occurrence = self.reached.get(key, 0)
        if occurrence < KEPT:
            kwargs = {} if weights is None else {"output_gradients": weights}
            query = Query(self.log, self.oracle, self.views, "gradient", target, sources, kwargs, None, ())
            self.oracle.pause(1)
            described = query.describe()
            self.oracle.pause(-1)
            self.stream.emit(
                "query",
                site=site,
                key=key,
                line=position[0],
                function=function,
                method="gradient",
                occurrence=occurrence,
                symbolic=False,
                **described,
                error={"type": type(error).__name__, "message": str(error)[:2000]},
            )
        self.reached[key] = occurrence + 1

    def _wrapped(self, method: str, plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def ask(tape: Any, *args: Any, **kwargs: Any) -> Any:
            if getattr(self._inside, "depth", 0) or not self.stream.ours:
                answer = plain(tape, *args, **kwargs)
                # A batch Jacobian asks for gradients, and makes zeros of none.
                self._inside.nothing = answer is None
                return answer
            position, function = self.frames.position()
            if position is None:
                return plain(tape, *args, **kwargs)
            if self._satisfied() and not self.patient and not self._goes_on(tape):
                self.finish("sampled")
            site = site_of(self.sites, position)
            key = str(site) if site is not None else "line %d" % position[0]
            occurrence = self.reached.get(key, 0)
            target, sources = _arguments(args, kwargs)
            query = Query(self.log, self.oracle, self.views, method, target, sources, kwargs, tape, args)
            facts: Dict[str, Any] = {
                "site": site,
                "key": key,
                "line": position[0],
                "function": function,
                "method": method,
                "occurrence": occurrence,
                "symbolic": query.symbolic,
                "tape": self._number(tape),
            }
            keep = occurrence < KEPT
            self.oracle.pause(1)
            before = query.describe() if keep else {}
            self.oracle.pause(-1)
            self._inside.depth, self._inside.nothing = 1, False
            try:
                answer = plain(tape, *args, **kwargs)
            except BaseException as error:
                if keep:
                    raised = {"type": type(error).__name__, "message": str(error)[:2000]}
                    why = self._why(query, None, raised["message"])
                    self.stream.emit("query", **facts, **before, **why, error=raised, origins=query.origins(None))
                raise
            finally:
                self._inside.depth = 0
                self.log.asked.append((query.end, self.log.next))
                self._note_span(query)
                self._count(key, query.symbolic)
                tape._tapefix_asked = getattr(tape, "_tapefix_asked", 0) + 1
            if keep:
                self.oracle.pause(1)
                with np.errstate(all="ignore"):
                    answers = query.answers(answer, checked=self.checking and occurrence < CHECKED)
                    if method == "batch_jacobian" and self._inside.nothing:
                        answers[0]["made_up"] = True
                    why = self._why(query, answers, "")
                    origins = query.origins(answer)
                    self.stream.emit("query", **facts, **before, **why, answers=answers, origins=origins)
                    query.follow(answer, key, occurrence)
                    self.kept.keep(key, occurrence, answer)
                self.oracle.pause(-1)
            self._settle()
            return self._masked(key, occurrence, answer)

        return _unconverted(ask)

    def _number(self, tape: Any) -> int:
        """Which of the tapes that were asked so far."""
        if not hasattr(tape, "_tapefix_number"):
            self._tapes += 1
            tape._tapefix_number = self._tapes
        return int(tape._tapefix_number)

    def _why(self, query: Query, answers: Optional[List[Dict[str, Any]]], error: str) -> Dict[str, Any]:
        if self.explainer is None or query.symbolic:
            return {}
        missing = None if answers is None else [query.missing(index, facts) for index, facts in enumerate(answers)]
        if missing is not None and not any(missing):
            return {}
        # The explainer asks tapes of its own.
        self._inside.depth = 1
        try:
            return {"why": self.explainer.explain(query.tape, query.targets, query.sources, missing, error, query.end)}
        finally:
            self._inside.depth = 0

    def _note_span(self, query: Query) -> None:
        if self.explainer is not None:
            self.explainer.note(query.tape, query.end)

    def _count(self, key: str, symbolic: bool) -> None:
        # A query in a graph is traced once and then runs unseen: once is all there is to see.
        self.reached[key] = self.reached.get(key, 0) + (self.samples if symbolic else 1)
        self._symbolic = self._symbolic or symbolic

    def _goes_on(self, tape: Any) -> bool:
        """Whether a query belongs to a sample that has begun: what follows the first answer of a tape may raise.

        A loop in a graph is traced as a whole, and counts as often as it is unrolled.
        """
        import tensorflow as tf

        return 0 < getattr(tape, "_tapefix_asked", 0) < (2 if tf.executing_eagerly() else KEPT)

    def _satisfied(self) -> bool:
        # What asked for gradients before there were tapes raises now: it never comes by a second time.
        asking = [str(number) for number, site in enumerate(self.sites) if site.method in METHODS]
        wanted = asking or list(self.reached)
        if self._stepping >= self.samples:
            return True
        return bool(wanted) and all(self.reached.get(key, 0) >= self.samples for key in wanted)

    def stepped(self) -> None:
        """Note a step of training that a session has taken."""
        self._stepping += 1
        self._settle()

    def _settle(self) -> None:
        """Let the run go on for a moment once everything was seen, so that what follows the queries is seen too."""
        if self._timer is not None or not self._satisfied():
            return
        elapsed = time.monotonic() - self._started
        grace = 5.0 if self.patient else min(5.0, max(3.0 if self._symbolic else 1.0, elapsed / 2))
        self._timer = threading.Timer(grace, self.finish, ["sampled"])
        self._timer.daemon = True
        self._timer.start()

    def _masked(self, key: str, occurrence: int, answer: Any) -> Any:
        """Hand back `None`, zeros, nothing or less, where the counter-run wants what the run before was given."""
        if key in self.empty:
            return []
        hidden, silent, single = (_at(masks.get(key), occurrence) for masks in (self.masks, self.zeros, self.single))
        lesser = self.kept.given(key, occurrence)
        if not hidden and not silent and not single and not lesser:
            return answer
        import tensorflow as tf

        given = [None if n in hidden else lesser.get(n, value) for n, value in enumerate(tf.nest.flatten(answer))]
        for number, value in enumerate(given):
            if -number - 1 in hidden and value is not None:
                # Parts of it are what was asked for before.
                given[number] = Hollow(value)
                let_operations_take_hollow()
        for number in silent:
            given[number] = tf.zeros_like(tf.convert_to_tensor(given[number]))
        for number in single:
            given[number] = tf.zeros([], tf.convert_to_tensor(given[number]).dtype)
        return tf.nest.pack_sequence_as(answer, given)


def _at(mask: Optional[List[List[int]]], occurrence: int) -> List[int]:
    return mask[min(occurrence, len(mask) - 1)] if mask else []


def _arguments(args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[Any, Any]:
    target = args[0] if args else kwargs.get("target")
    sources = args[1] if len(args) > 1 else kwargs.get("sources", kwargs.get("source"))
    return target, sources


def _unconverted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep AutoGraph from converting the wrapper when a query is made inside `tf.function`."""
    import tensorflow as tf

    wrapped: Callable[..., Any] = tf.autograph.experimental.do_not_convert(function)
    return wrapped
