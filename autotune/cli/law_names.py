"""What a law's name means on the command line: the catalogue, then saved fits, then files."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.fits.saved import SavedFit
    from autotune.laws.base import ScalingLaw

STORAGE = Path("results/local")


@dataclass(frozen=True, slots=True)
class NamedLaw:
    """A law as it was named.

    Attributes:
        name: The name that was given.
        law: The law, as a function of a model's own sizes.
        fit: The fit it comes from, None for a published law.
    """

    name: str
    law: "ScalingLaw"
    fit: "SavedFit | None" = None


def resolve(name: str, storage: Path = STORAGE) -> NamedLaw:
    """Find a law by name.

    Args:
        name: A preset of the catalogue, a saved fit, or the path of one.
        storage: The folder that holds the saved fits.

    Raises:
        InputError: If there is none, or it predicts no loss; the message names the nearest.
        StoreError: If the saved fit cannot be read.
    """
    from autotune import checks
    from autotune.laws.catalogue import HYPERPARAMETERS, PRESETS

    if name in PRESETS:
        return NamedLaw(name, PRESETS[name])
    refuse_lossless(name)
    from autotune.fits import files
    from autotune.fitting.as_read import as_read

    saved = files.names(storage)
    if name not in saved and not (name.endswith(".json") and Path(name).is_file()):
        checks.one_of("law", name, [*PRESETS, *HYPERPARAMETERS, *saved])
    fit = files.load(name, storage) if name in saved else files.load_file(Path(name))
    return NamedLaw(name, as_read(fit.law, fit.result.convention), fit)


def refuse_lossless(name: str) -> None:
    """Refuse an entry of the catalogue that predicts no loss, whatever its coefficients.

    Raises:
        InputError: If the name is of such an entry.
    """
    from autotune.errors import InputError
    from autotune.laws import catalogue

    if name in catalogue.HYPERPARAMETERS:
        form = catalogue.HYPERPARAMETERS[name].form
        remedy = f"Evaluate it with autotune predict --law {name}."
    elif name in catalogue.HYPERPARAMETER_FORMS:
        form = catalogue.HYPERPARAMETER_FORMS[name]
        remedy = f"Fit it with autotune fit RUNS --law {name} --save ID, and then predict."
    else:
        return
    raise InputError(f"{name} gives {form.target}, and predicts no loss. {remedy}")
