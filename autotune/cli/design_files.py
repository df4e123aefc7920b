"""What `autotune design --format` writes: one of its models as text for another program."""

import json

from autotune.architecture import config_json, megatron
from autotune.architecture.document_text import toml
from autotune.cli.design_request import Answer, Request
from autotune.errors import InputError
from autotune.planning.design import Candidate


def written(request: Request, answer: Answer) -> str:
    """The model that was picked.

    Raises:
        InputError: If there are fewer models.
    """
    if request.pick > len(answer.candidates):
        raise InputError(f"--pick {request.pick}: there are {len(answer.candidates)} models.")
    candidate = answer.candidates[request.pick - 1]
    if request.format_ == "toml":
        return toml(candidate.model).rstrip()
    if request.format_ == "hf":
        return json.dumps(config_json.config(candidate.model, seq_len=request.seq_len), indent=2)
    return "\n".join(megatron.arguments(candidate.model, run(request, answer, candidate)))


def run(request: Request, answer: Answer, candidate: Candidate) -> megatron.TrainingRun:
    """What the model is trained on: the whole budget at its own FLOPs per token."""
    assert request.question is not None
    assert answer.target is not None
    figures = {figure.name: figure.value for figure in answer.target.figures}
    return megatron.TrainingRun(
        tokens=candidate.tokens,
        seq_len=request.seq_len,
        peak_lr=figures["peak lr"],
        batch_tokens=figures["batch"],
        divisors=request.question.divisors,
    )
