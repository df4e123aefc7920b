"""Published files into run tables, one function per study; nothing is rounded or left out."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Converter: TypeAlias = Callable[[Sequence[Path]], Iterable[Row]]

SMALLEST_RATIOS = 5  # runs that Besiroglu et al. (2024) drop
ROUTED_TOKENS_PER_STEP = 256 * 2048
T5_PARAMETERS, T5_TOKENS_PER_STEP = 169_869_312, 65_536  # parameters of scale 1
VIT_PARAMETERS = 84_934_656  # of scale 1
GADRE_EVALUATIONS: Mapping[str, str] = MappingProxyType(
    {
        "openlm": "val_tok_mult/openlm/",
        "c4_val": "eval_data/c4_val/",
        "paloma_c4_en": "val_tok_mult/paloma_c4_en/",
        "paloma_code100": "val_tok_mult/paloma_dolma_100_programing_languages/",
        "paloma_refinedweb": "val_tok_mult/paloma_falcon-refinedweb/",
        "paloma_ptb": "val_tok_mult/paloma_ptb/",
        "paloma_redpajama": "val_tok_mult/paloma_redpajama/",
        "de_en": "val_tok_mult/de-en/",
    }
)


def to_csv(rows: Iterable[Row]) -> str:
    """Write rows as CSV text, numbers with every digit."""
    table = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def chinchilla(files: Sequence[Path]) -> Iterable[Row]:
    """Points read off figure 4 of Hoffmann et al. (2022); tokens follow from C = 6 N D."""
    with files[0].open(encoding="utf-8", newline="") as stream:
        read = [
            (float(row["Model Size"]), float(row["Training FLOP"]), float(row["loss"]))
            for row in csv.DictReader(stream)
            if row["loss"] and row["Model Size"]
        ]
    fewest = sorted(flops / (6 * size) / size for size, flops, _ in read)[:SMALLEST_RATIOS]
    for i, (size, flops, loss) in enumerate(read):
        tokens = flops / (6 * size)
        yield {
            "run_id": f"chin_{i:03d}",
            "n_active": size,
            "n_total": size,
            "tokens": tokens,
            "flops": flops,
            "loss": loss,
            "besiroglu_outlier": int(tokens / size <= fewest[-1]),
        }


def routed(files: Sequence[Path]) -> Iterable[Row]:
    """The last checkpoint of each run of Clark et al. (2022), validation loss."""
    last: dict[str, dict[str, str]] = {}
    with gzip.open(files[0], "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            before = last.setdefault(row["hyper_id"], row)
            if int(row["step"]) > int(before["step"]):
                last[row["hyper_id"]] = row
    for run in sorted(last, key=int):
        yield _routed_row(run, last[run])


def _routed_row(run: str, row: Mapping[str, str]) -> Row:
    active, total = float(row["dense_parameter_count"]), float(row["total_parameter_count"])
    experts, top_k, step = int(row["num_experts"]), int(row["k"]), int(row["step"])
    frequency, width = float(row["routing_frequency"]), float(row["flop_increase"])
    seed = int(row["seed"])
    return {
        "run_id": run,
        "router_type": row["router_type"],
        "model_size_label": row["model_size_label"],
        "n_total": total,
        "n_active": active,
        "n_experts": experts,
        "top_k": top_k,
        "routing_frequency": frequency,
        "flop_increase": width,
        "seed": seed,
        "expert_sparsity": max(0.0, 1 - top_k / experts),  # wide dense runs have k > 1
        "sparsity": 1 - active / total,
        "step": step,
        "tokens": step * ROUTED_TOKENS_PER_STEP,
        "flops_forward_step": row["flops_per_step"],
        "loss": row["loss_validation"],
        "loss_c4": row["loss_c4"],
        "d_model": row["d_model"],
        "num_blocks": row["num_blocks"],
        "main_grid": int((frequency, top_k, width, seed) == (0.5, 1, 1, 42)),
    }


def gadre(files: Sequence[Path]) -> Iterable[Row]:
    """Models of Gadre et al. (2024) trained on C4, in order of compute; losses are means."""
    return sorted(map(_gadre_row, files), key=lambda row: float(row["flops"]))


def _gadre_row(file: Path) -> Row:
    record = json.loads(file.read_text(encoding="utf-8"))
    given = record["hyperparameters"]
    size, tokens = given["params"], given["tokens"]
    row = {
        "run_id": record["name"],
        "train_set": record["dataset_name"],
        "n_total": size,
        "n_active": size,
        "n_active_nonemb": given["params_no_embed"],
        "n_experts": 1,
        "top_k": 1,
        "sparsity": 0,
        "tokens": tokens,
        "tokens_per_param": tokens / size,
        "flops": 6 * size * tokens,
    }
    losses: Row = {}
    for name, folder in GADRE_EVALUATIONS.items():
        (found,) = (result for result in record["results"] if folder in result["val_data"][0])
        losses[f"loss_{name}"] = found["loss"]
        losses[f"lo95_{name}"] = found["loss_tokens_lower_95"]
        losses[f"hi95_{name}"] = found["loss_tokens_upper_95"]
    settings = {"lr": given["lr"], "wd": given["wd"], "global_bs": given["global_bs"]}
    return row | {"loss": losses["loss_c4_val"]} | losses | settings


def frantar_t5(files: Sequence[Path]) -> Iterable[Row]:
    """Pruned T5 of Frantar et al. (2023) on C4."""
    with files[0].open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            scale, steps = float(row["scale"]), float(row["steps"])
            sizes = _pruned(T5_PARAMETERS * scale, float(row["sparsity"]))
            yield {
                "run_id": f"t5_{int(row['']):02d}",
                **sizes,
                "tokens": steps * T5_TOKENS_PER_STEP,
                "loss": float(row["val-loss"]),
                "scale": scale,
                "steps": steps,
            }


def frantar_vit(files: Sequence[Path]) -> Iterable[Row]:
    """Pruned ViT of Frantar et al. (2023) on JFT-4B; tokens are images."""
    columns = json.loads(files[0].read_text(encoding="utf-8"))
    for key, scale in columns["scale"].items():
        yield {
            "run_id": f"vit_{int(key):03d}",
            **_pruned(VIT_PARAMETERS * scale, columns["sparsity"][key]),
            "tokens": columns["total_examples"][key],
            "loss": columns["val-loss"][key],
            "scale": scale,
        }


def _pruned(total: float, sparsity: float) -> Row:
    """Sizes of a pruned model: what is not zero is active."""
    return {"n_active": total * (1 - sparsity), "n_total": total, "sparsity": sparsity}


CONVERTERS: Mapping[str, Converter] = MappingProxyType(
    {
        "chinchilla_epoch": chinchilla,
        "routed_clark2022": routed,
        "gadre2024_c4": gadre,
        "frantar2023_t5": frantar_t5,
        "frantar2023_vit": frantar_vit,
    }
)
