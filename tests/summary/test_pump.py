"""Work on a thread that comes and goes: none is forgotten, also when Ctrl-C stops who asks."""

from __future__ import annotations

import threading
import time

from interrupting import interrupted
from waiting import until

from mslearn.summary.bus import Bus, Columns
from mslearn.summary.pump import Pump
from mslearn.summary.values import Datum


def test_who_asks_often_gets_it_done_once_and_who_asks_again_once_more():
    done, go = [], threading.Event()

    def work():
        done.append(threading.current_thread().name)
        assert go.wait(120)

    pump = Pump(work, 0.0, "a-pump")
    pump.poke()
    until(lambda: done)
    for _ in range(100):
        pump.poke()
    go.set()
    until(lambda: len(done) == 2)
    time.sleep(0.05)
    assert done == ["a-pump"] * 2


def test_requests_of_several_threads_are_all_seen():
    asked, seen = [0] * 4, []
    pump = Pump(lambda: seen.append(list(asked)), 0.0, "a-pump")

    def ask(k):
        for _ in range(500):
            asked[k] += 1
            pump.poke()

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: seen and seen[-1] == [500] * 4)


def test_after_ctrl_c_anywhere_the_next_step_is_delivered():
    for at in range(1, 1000):
        bus, kept = Bus(), Columns()
        bus.subscribe(kept, late=True)
        going = interrupted(
            lambda bus=bus: bus.publish(1, [Datum("scalar", "loss", 1.0)]),
            ("summary/bus.py", "summary/pump.py", "threading.py:start"), at,
        )  # fmt: skip
        bus.publish(2, [Datum("scalar", "loss", 2.0)])
        until(lambda kept=kept: "loss" in kept.tags and kept.steps("loss")[-1] == 2, f"place {at}")
        if not going:
            assert at > 10
            break
