"""Two worker processes that measure: one thread each, quiet, and gone when the command is."""

import contextlib
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

WORKERS = 2
# one thread for each worker, whatever the machine, so that a sum is always split the same way
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@contextlib.contextmanager
def workers() -> Iterator[ProcessPoolExecutor]:
    """The processes; what they have not begun is dropped where something goes wrong."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=spawn, initializer=_begin) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin():
    """Keeps a worker through Ctrl-C, which is for the command, and ends it when the command ends.

    A command that is killed cannot dismiss its workers, and they would wait for jobs for ever.
    """
    # what torch's compiler says about torch's own code
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\._inductor")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
