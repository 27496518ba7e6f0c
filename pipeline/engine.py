"""Where work runs: `submit(step, value)` gives a handle with result and progress; closing the engine cancels.

A step is a function importable by name; its value and its result are plain data, and it reports
progress and asks "cancelled?" and "paused?" through the three callables it is given. That is all a step
may know, so that a cluster can carry the same. Here the hands are threads of this process; they
live as long as the engine, because a child that dies with its parent dies with the parent's thread.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from types import TracebackType
from typing import Generic, Self, TypeVar

from pipeline.processes.courtesy import read_politely
from pipeline.processes.ffmpeg import never

Value = TypeVar("Value")
Result = TypeVar("Result")
# What an engine runs: value, progress (seconds of media done), cancelled and paused (asked often) -> result.
Step = Callable[[Value, Callable[[float], None], Callable[[], bool], Callable[[], bool]], Result]


@dataclass(eq=False, slots=True)
class Handle(Generic[Result]):
    """Work under way. `done_seconds` grows while it runs; `result()` raises what the step raised."""

    _future: "Future[Result]"
    _progress: list[float] = field(default_factory=lambda: [0.0])

    @property
    def done(self) -> bool:
        return self._future.done()

    @property
    def done_seconds(self) -> float:
        return self._progress[0]

    def result(self) -> Result:
        return self._future.result()


class Engine:
    """A number of hands, which stand still while `paused()` says so.

    `ended` is set whenever a piece of work ends, so that a head can sleep.
    """

    def __init__(self, hands: int, paused: Callable[[], bool] = never) -> None:
        self.hands = hands
        self.paused = paused
        self.ended = Event()
        self._cancel = Event()
        self._pool = ThreadPoolExecutor(hands, thread_name_prefix="hand", initializer=read_politely)

    def submit(self, step: Step[Value, Result], value: Value) -> Handle[Result]:
        progress = [0.0]

        def report(seconds: float) -> None:
            progress[0] = seconds

        future = self._pool.submit(step, value, report, self._cancel.is_set, self.paused)
        future.add_done_callback(lambda _: self.ended.set())
        return Handle(future, progress)

    def close(self) -> None:
        """Cancel what runs and wait until every hand has let go."""
        self._cancel.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
