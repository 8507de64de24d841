from __future__ import annotations

import asyncio
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from waiting import LONG, settled, until

from mslearn import insight
from mslearn.insight.training import Training


def endless(closed: list[bool]) -> Iterator[dict[str, float]]:
    step = 0
    try:
        while True:
            time.sleep(0.002)
            step += 1
            yield {"loss": 1 / step}
    finally:
        closed.append(True)


def test_pause_step_resume_stop() -> None:
    closed: list[bool] = []
    seen: list[Any] = []
    training = Training(endless(closed), seen.append)
    worker = threading.Thread(target=training.run)
    worker.start()
    until(lambda: training.steps > 3)

    training.pause()
    spent = training.elapsed
    held = settled(lambda: training.steps, 0.3)  # the step under way may end
    assert (training.state, training.elapsed) == ("paused", spent)

    for extra in (1, 2):
        training.step()
        until(lambda extra=extra: training.steps == held + extra)
        time.sleep(0.1)
        assert training.steps == held + extra, "one press, one step"

    training.resume()
    until(lambda: training.steps > held + 5)
    training.stop()
    worker.join(LONG)
    assert not worker.is_alive()
    assert (training.state, closed) == ("stopped", [True])
    assert len(seen) == training.steps


def test_stop_ends_a_paused_loop() -> None:
    closed: list[bool] = []
    training = Training(endless(closed), lambda values: None)
    worker = threading.Thread(target=training.run)
    worker.start()
    until(lambda: training.steps > 0)
    training.pause()
    training.stop()
    worker.join(LONG)
    assert (training.state, closed) == ("stopped", [True])


def test_await_trains_and_counts_on() -> None:
    async def main() -> None:
        curves = insight.Curves()
        result = await curves.train({"loss": k} for k in range(3))
        assert repr(result) == "TrainResult(steps=3, stopped=False)"
        await curves.train({"loss": k} for k in range(2))
        assert curves.series["loss"][0].tolist() == [1, 2, 3, 4, 5]
        await curves.train(iter([{"step": 50, "loss": 9}, None, {"loss": 8}]))
        assert curves.series["loss"][0].tolist()[-2:] == [50, 52]
        assert curves.status["state"] == "finished"

    asyncio.run(main())


def test_the_loop_runs_off_the_event_loop_thread() -> None:
    names: list[str] = []

    def loop() -> Iterator[None]:
        names.append(threading.current_thread().name)
        yield

    asyncio.run(_await(insight.Curves().train(loop())))
    assert names == ["mslearn-training"]


async def _await(task: Any) -> Any:
    return await task


def test_an_exception_reaches_the_cell_with_its_own_traceback() -> None:
    def broken_forward() -> float:
        raise ZeroDivisionError("the\nworld")

    def loop() -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        yield {"loss": broken_forward()}

    curves = insight.Curves()
    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(_await(curves.train(loop())))
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert "broken_forward" in [frame.name for frame in frames]
    assert curves.series["loss"][1].tolist() == [1.0]
    assert curves.status["state"] == "failed"
    assert curves.status["message"] == "ZeroDivisionError: the"


def test_a_bad_value_closes_the_loop_and_says_which() -> None:
    closed: list[bool] = []

    def loop() -> Iterator[dict[str, Any]]:
        try:
            yield {"loss": "high"}
        finally:
            closed.append(True)

    with pytest.raises(TypeError, match=r"'loss' got a str 'high'"):
        insight.Curves().train_sync(loop())
    assert closed == [True]
    with pytest.raises(TypeError, match=r"the loop yielded a float; it wants a dict"):
        insight.Curves().train_sync(iter([0.5]))


def test_cancelling_the_cell_ends_the_thread_and_keeps_the_data() -> None:
    closed: list[bool] = []
    curves = insight.Curves()

    async def main() -> None:
        cell = asyncio.ensure_future(_await(curves.train(endless(closed))))
        while not curves.series:
            await asyncio.sleep(0.01)
        cell.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cell

    asyncio.run(main())
    assert closed == [True]
    assert curves.status["state"] == "stopped"
    assert len(curves.series["loss"][0]) > 0
    assert "mslearn-training" not in [thread.name for thread in threading.enumerate()]


def test_one_chart_trains_one_loop_at_a_time() -> None:
    closed: list[bool] = []
    curves = insight.Curves()

    async def main() -> None:
        cell = asyncio.ensure_future(_await(curves.train(endless(closed))))
        while not curves.series:
            await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="already training"):
            await curves.train(endless([]))
        cell.cancel()
        await asyncio.gather(cell, return_exceptions=True)

    asyncio.run(main())


def test_keyboard_interrupt_in_a_script_keeps_the_data() -> None:
    closed: list[bool] = []

    def loop() -> Iterator[dict[str, float]]:
        try:
            yield {"loss": 1.0}
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    curves = insight.Curves()
    with pytest.raises(KeyboardInterrupt):
        curves.train_sync(loop())
    assert (closed, curves.status["state"]) == ([True], "stopped")
    assert curves.series["loss"][1].tolist() == [1.0]


def test_a_forgotten_await_is_told() -> None:
    task = insight.Curves(language="en").train(iter(()))
    assert "add `await`" in repr(task)
    with pytest.raises(AttributeError, match="await"):
        task.steps  # noqa: B018
    with pytest.warns(RuntimeWarning, match="await curves.train"):
        del task
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(_await(insight.Curves().train(iter(()))))


def test_a_function_instead_of_its_call_is_told() -> None:
    with pytest.raises(TypeError, match=r"await curves.train\(endless\(\)\)"):
        insight.Curves().train(endless)
    with pytest.raises(TypeError, match="got a int"):
        insight.Curves().train(3)
