"""Where the fits of a search run: processes of this machine, or an existing Dask cluster."""

import contextlib
from concurrent.futures import CancelledError

import joblib
from joblib._dask import Batch, DaskDistributedBackend

from purchase.tables import TableError

WAIT_SECONDS = 10  # for a scheduler to answer
N_TRIES = 4  # of the same fits, when workers die under them


class Replicated(DaskDistributedBackend):
    """joblib's Dask backend, which survives the loss of a worker.

    joblib scatters every larger argument to one worker and waits for ever when that one dies. Here what all fits share
    lies on every worker, and the rest goes with its task.
    """

    async def _to_func_args(self, func):
        def shared(value):
            return self.data_futures.get(id(value), value)

        tasks = [
            (function, [shared(value) for value in args], {name: shared(value) for name, value in named.items()})
            for function, args, named in func.items
        ]
        return Batch(tasks), tasks


joblib.register_parallel_backend("dask_replicated", Replicated)


@contextlib.contextmanager
def workers(shared, *, backend, n_jobs, n_threads, address=None):
    """Run the fits of a search within on this many workers at a time.

    Where they run changes a score by no more than rounding.

    Parameters
    ----------
    shared : list of arrays and tables
        What every fit takes: each of Dask's workers gets it once.
    backend : {"loky", "dask"}
    n_jobs : int
        Fits at a time.
    n_threads : int
        Of each fit.
    address : str
        Of the Dask scheduler, as tcp://<host>:<port>.

    Raises
    ------
    TableError
        If Dask is not installed, or no scheduler with workers answers at the address.
    """
    if backend == "loky":
        with joblib.parallel_config("loky", n_jobs=n_jobs, inner_max_num_threads=n_threads if n_jobs > 1 else None):
            yield
        return
    with _client(address) as client, joblib.parallel_config("dask_replicated", client=client, scatter=shared):
        yield


def with_retries(evaluate, *args):
    """Call ``evaluate``, and again if its fits were lost with a worker."""
    for _ in range(N_TRIES - 1):
        with contextlib.suppress(CancelledError):
            return evaluate(*args)
    return evaluate(*args)


@contextlib.contextmanager
def _client(address):
    try:
        from distributed import Client  # of an extra, and only for this backend
    except ModuleNotFoundError as error:
        raise TableError(
            f"params.yaml: search.backend='dask' needs the package {error.name}, which is not installed. "
            "Run `pip install -r requirements-dask.txt`, or set search.backend: loky."
        ) from None
    place = f"params.yaml: search.address={address!r}"
    try:
        client = Client(address, timeout=WAIT_SECONDS, set_as_default=True)
    except (OSError, ValueError) as error:
        raise TableError(
            f"{place}: no Dask scheduler answers ({error}). Start one (`dask scheduler`), correct the address, or set "
            "search.backend: loky."
        ) from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise TableError(f"{place}: the scheduler has no workers. Start some (`dask worker {address}`).")
        yield client
