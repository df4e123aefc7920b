"""The base of what requests send."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """An object without members that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True)
