"""Three programs are called mpiexec: which one is it, and how does it place ranks on nodes."""

from enum import StrEnum


class Dialect(StrEnum):
    """A launcher's family."""

    HYDRA = "MPICH Hydra"
    OPEN_MPI = "Open MPI"
    PALS = "Cray PALS"
    SRUN = "Slurm srun"
    UNKNOWN = "unknown"

    def words(self, nodes: int, per_node: int) -> list[str]:
        """The options for so many ranks on each of so many nodes."""
        ranks = str(nodes * per_node)
        if self is Dialect.OPEN_MPI:
            return ["-n", ranks, "--map-by", f"ppr:{per_node}:node:oversubscribe"]
        if self is Dialect.SRUN:
            return ["-N", str(nodes), "-n", ranks, "--ntasks-per-node", str(per_node)]
        return ["-n", ranks, "-ppn" if self is Dialect.HYDRA else "--ppn", str(per_node)]

    @property
    def libraries(self) -> tuple[str, ...]:
        """Words of the MPI libraries whose programs it starts, in `MPI_Get_library_version`."""
        if self is Dialect.OPEN_MPI:
            return ("Open MPI",)
        if self in {Dialect.HYDRA, Dialect.PALS}:
            return ("MPICH", "Intel(R) MPI", "MVAPICH")
        return ()


def of(said: str) -> Dialect:
    """Tell a launcher by what `mpiexec --version` or `srun --version` prints."""
    for words, dialect in (
        (("HYDRA", "Intel(R) MPI"), Dialect.HYDRA),
        (("Open MPI", "OpenRTE"), Dialect.OPEN_MPI),
        (("slurm ", "slurm-wlm "), Dialect.SRUN),
        (("PALS", "mpiexec version "), Dialect.PALS),
    ):
        if any(word in said for word in words):
            return dialect
    return Dialect.UNKNOWN
