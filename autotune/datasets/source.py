"""What a public run table is: its files, where they are, and what to know before using it."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

RAW_GITHUB = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Place:
    """A file in a repository at one commit."""

    repository: str
    commit: str
    path: str
    host: str = RAW_GITHUB

    @property
    def url(self) -> str:
        """Where its bytes are."""
        return f"{self.host}/{self.repository}/{self.commit}/{quote(self.path)}"


@dataclass(frozen=True, slots=True)
class Original:
    """A published file: its SHA-256, and the places that have the same bytes."""

    sha256: str
    places: tuple[Place, ...]

    @property
    def file_name(self) -> str:
        """What the file is called in a local folder."""
        return PurePosixPath(self.places[0].path).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A public table of finished runs.

    Attributes:
        name: What a command calls it.
        title: One line.
        citation: Authors, year, where published.
        licence: Of the data.
        loss_unit: `nats per token`, or what else the loss is.
        traps: What misleads a fit that does not know it.
        n_rows: Rows of the converted table.
        columns: Columns of the converted table.
        folder: Its folder below `AUTOTUNE_DATA`.
        originals: The published files; none for a table that is derived from figures.
        normalised_sha256: Of `runs.csv` in that folder, where the originals may be absent.
    """

    name: str
    title: str
    citation: str
    licence: str
    loss_unit: str
    traps: tuple[str, ...]
    n_rows: int
    columns: tuple[str, ...]
    folder: str
    originals: tuple[Original, ...] = ()
    normalised_sha256: str = ""
