"""A real MPI for each test that asks for one, and nothing of it left running."""

import uuid

import pytest
from mpi_run import Mpi


@pytest.fixture(params=["mpich", pytest.param("openmpi", marks=pytest.mark.long)])
def mpi(request):
    """One of the MPIs that `make install-mpi` makes."""
    found = Mpi(request.param, uuid.uuid4().hex)
    if found.missing:
        pytest.skip(found.missing)
    yield found
    assert found.left() == []
