"""One BLAS thread while a search thinks.

A search's matrices are small. BLAS threads that wait for each other beside trials that keep the
cores busy take up to twenty times the CPU time, and sums in another order are other proposals:
they would depend on how many cores a machine has.
"""

import functools
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Keep this process' BLAS to one thread inside; what was before comes back after it."""
    limited: AbstractContextManager[object] = _blas().limit(limits=1)
    return limited


@functools.cache
def _blas() -> "ThreadpoolController":
    """The BLAS libraries of this process."""
    import scipy.linalg  # noqa: F401  it brings one of its own, which has to be there
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
