# SPDX-License-Identifier: Apache-2.0
import os
import signal
import threading

import pytest

from bwcolor.errors import ExitCode
from bwcolor.interrupts import exit_code_of, on_interrupt


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_a_signal_is_handed_over_and_what_was_before_comes_back(number, code):
    before = signal.getsignal(number)
    told = []

    def interrupted_twice():
        with on_interrupt(told.append):
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            raise RuntimeError("over")

    with pytest.raises(RuntimeError, match="over"):
        interrupted_twice()
    assert told == [number, number]
    assert signal.getsignal(number) is before
    assert exit_code_of(number) == code


def test_outside_the_main_thread_nothing_changes():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def inside():
        with on_interrupt(seen.append):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]
