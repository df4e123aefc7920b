"""What `autotune design` says, as plain data: the document of --json."""

from dataclasses import asdict
from typing import Any

from autotune.architecture.memory import cache_elements_per_token
from autotune.cli import design_files
from autotune.cli.count_record import CACHE_BYTES
from autotune.cli.design_request import TRAINED_IN, Answer, Request
from autotune.planning.design import Candidate
from autotune.planning.design_figures import cited
from autotune.planning.design_question import OwnLaws
from autotune.planning.design_target import Target
from autotune.planning.flat_zone import Placement
from autotune.planning.joint_design import Joint, width_effect


def of(request: Request, answer: Answer) -> dict[str, Any]:
    """Everything that was asked; a part that was not is None or empty."""
    found = answer.placement
    return {
        "design": None if answer.target is None else _design(request, answer, answer.target),
        "like": None if found is None else _placement(request, found),
    }


def _design(request: Request, answer: Answer, target: Target) -> dict[str, Any]:
    question = request.question
    assert question is not None
    held = target.constants
    return {
        "flops": question.flops,
        "fitted_range": question.fitted_range,
        "shape_law": None if question.own is None else _own(question.own),
        "times_beyond": target.times_beyond,
        "held": {
            "n_experts": held.n_experts,
            "top_k": held.top_k,
            "n_shared": held.n_shared,
            "dense_ratio": held.dense_ratio,
            "attention": asdict(held.attention),
            "seq_len": held.seq_len,
            "vocabulary": question.vocabulary,
            "heads": [target.heads.n_heads, target.heads.head_dim],
            "max_total": question.max_total,
            "divisors": asdict(question.divisors),
            "kv_copies": question.divisors.kv_copies(held.attention),
        },
        "target": [asdict(figure) for figure in target.figures],
        "d_range": target.d_range,
        "d_band": target.d_band,
        "batch_sequences": design_files.run(request, answer, answer.candidates[0]).sequences,
        "models": [_model(request, answer, each) for each in answer.candidates],
        "law": None if answer.joint is None else _law(request, answer, answer.joint),
    }


def _law(request: Request, answer: Answer, joint: Joint) -> dict[str, Any]:
    assert request.question is not None
    source, shapes = joint.loss.law.source, answer.by_shape_laws
    return {
        "name": request.law,
        "unit": source.loss_unit,
        "source": f"{cited(source)}. {source.caveat}",
        "over": joint.over,
        "n_designs": joint.n_designs,
        "loss": joint.at,
        "ends": joint.ends,
        "reads_granularity": "granularity" in joint.loss.law.factors,
        "width_effect": width_effect(request.question, joint),
        "by_shape_laws": None if shapes is None else _model(request, answer, shapes),
    }


def _own(own: OwnLaws) -> dict[str, Any]:
    return {
        "id": own.name,
        "runs": own.source,
        "level": own.shape.level,
        "tolerance": own.shape.tolerance,
    }


def _model(request: Request, answer: Answer, candidate: Candidate) -> dict[str, Any]:
    n = candidate.count.total
    assert TRAINED_IN.training is not None
    training = TRAINED_IN.training * n
    cache = cache_elements_per_token(candidate.model) * CACHE_BYTES["bf16"]
    return {
        "architecture": asdict(candidate.model),
        "M": float(candidate.triad.flops_per_token),
        "N_a": float(candidate.triad.n_active),
        "N": float(candidate.triad.n_total),
        "errors": asdict(candidate.errors),
        "width_ratio": candidate.width_ratio,
        "loss_rise": candidate.loss_rise,
        "tokens": candidate.tokens,
        "loss": None if answer.joint is None else answer.joint.value(candidate),
        "n_total": n,
        "n_active": candidate.count.active,
        "weights_bytes": TRAINED_IN.weights * n,
        "training_bytes": training,
        "training_bytes_per_gpu": None if request.gpus is None else training / request.gpus,
        "inference_flops_per_token": candidate.inference_flops,
        "kv_cache_bytes_per_token": cache,
    }


def _placement(request: Request, found: Placement) -> dict[str, Any]:
    assert request.like is not None
    return {
        "model": request.like.model.name,
        "seq_len": request.seq_len,
        **asdict(found),
        "density": found.density,
        "expansion": found.expansion,
        "side": found.side,
    }
