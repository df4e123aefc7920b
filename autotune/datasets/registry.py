"""The public run tables that are known by name."""

from collections.abc import Mapping
from types import MappingProxyType

from autotune import checks
from autotune.datasets.gadre_files import GADRE_FILES
from autotune.datasets.source import Dataset, Original, Place

_EPOCH = Place(
    "epoch-research/analyzing-chinchilla",
    "92258837425e1b5f2851d624287f0120583a3d0e",
    "data/svg_extracted_data.csv",
)
_EPOCH_UNDER_MIT = Place(
    "mcleish7/gemstone-scaling-laws",
    "5f420478f6057b0cbb4d13405fb10ca64675bccb",
    "data/epoch_chinchilla_svg_extracted_data.csv",
)
_CLARK = Place(
    "google-deepmind/scaling_laws_for_routing",
    "42da0c392b127df2c01fa7b705f72396050d05e5",
    "data/curves.csv.gz",
)
_GADRE = ("mlfoundations/scaling", "a003c4913793ac2ae7ef87b28ecb562955d026d5")
_FRANTAR = ("google-research/jaxpruner", "f133ee50f31a03d0152b8b272edb534065152f5d")
_FRANTAR_PATH = "jaxpruner/projects/bigsparse"

_GADRE_EVALUATIONS = (
    "openlm", "c4_val", "paloma_c4_en", "paloma_code100", "paloma_refinedweb", "paloma_ptb",
    "paloma_redpajama", "de_en",
)  # fmt: skip

_ALL = (
    Dataset(
        name="chinchilla_epoch",
        title="245 dense runs, 57M to 16.2B parameters, read off figure 4 of the Chinchilla paper",
        citation="Besiroglu et al. (2024), arXiv:2404.10102, from Hoffmann et al. (2022), "
        "arXiv:2203.15556, figure 4",
        licence="MIT, as redistributed by mcleish7/gemstone-scaling-laws (the same bytes)",
        loss_unit="nats per token",
        traps=(
            "tokens = flops / (6 n) was never observed",
            "besiroglu_outlier marks the 5 runs of fewest tokens per parameter that the "
            "replication drops; with them beta and B move a lot",
            "loss is read off a colour map of 256 levels: about 0.01",
        ),
        n_rows=245,
        columns=(
            "run_id", "n_active", "n_total", "tokens", "flops", "loss", "besiroglu_outlier",
        ),
        folder="chinchilla_epoch",
        originals=(
            Original(
                "193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30",
                (_EPOCH, _EPOCH_UNDER_MIT),
            ),
        ),
    ),
    Dataset(
        name="routed_clark2022",
        title="223 runs of three routers, 1 to 512 experts, 17M to 1.3B active parameters",
        citation="Clark et al. (2022), arXiv:2202.01169",
        licence="CC-BY 4.0",
        loss_unit="nats per token",
        traps=(
            "tokens are the same 131B in every run: no data term can be identified",
            "main_grid = 1 marks the 163 runs of the authors' fit; dense rows serve each router",
            "n_active is not corrected for top_k > 1",
            "two runs stop at other steps, and some side losses are missing",
        ),
        n_rows=223,
        columns=(
            "run_id", "router_type", "model_size_label", "n_total", "n_active", "n_experts",
            "top_k", "routing_frequency", "flop_increase", "seed", "expert_sparsity", "sparsity",
            "step", "tokens", "flops_forward_step", "loss", "loss_c4", "d_model", "num_blocks",
            "main_grid",
        ),
        folder="routed_clark2022",
        originals=(
            Original("c03e7531add85e594f368d33bac4a0220280be858a7ed12d147cf73af6a3819f", (_CLARK,)),
        ),
    ),
    Dataset(
        name="gadre2024_c4",
        title="34 dense runs on C4, 11M to 6.9B parameters, 5 to 640 tokens per parameter",
        citation="Gadre et al. (2024), arXiv:2403.08540",
        licence="MIT",
        loss_unit="nats per token",
        traps=("loss is that on C4's validation split; seven others stand beside it",),
        n_rows=34,
        columns=(
            "run_id", "train_set", "n_total", "n_active", "n_active_nonemb", "n_experts",
            "top_k", "sparsity", "tokens", "tokens_per_param", "flops", "loss",
            *(f"{what}_{name}" for name in _GADRE_EVALUATIONS for what in ("loss", "lo95", "hi95")),
            "lr", "wd", "global_bs",
        ),
        folder="gadre2024_c4",
        originals=tuple(
            Original(sha256, (Place(*_GADRE, f"exp_data/models/c4_original-{model}.json"),))
            for model, sha256 in GADRE_FILES.items()
        ),
        normalised_sha256="d6084d5f7f725184e5dbee35d4664b273d74a6c15945be221111a6219f2f084d",
    ),
    Dataset(
        name="frantar2023_t5",
        title="48 pruned T5 runs on C4, 1.3M to 680M parameters, up to 87.5 % of them zero",
        citation="Frantar et al. (2023), arXiv:2309.08520",
        licence="Apache-2.0",
        loss_unit="nats per token",
        traps=(
            "active parameters are those that are not zero",
            "T5 predicts masked spans: its losses are far below those of next-token prediction",
        ),
        n_rows=48,
        columns=(
            "run_id", "n_active", "n_total", "sparsity", "tokens", "loss", "scale", "steps",
        ),
        folder="frantar2023",
        originals=(
            Original(
                "a9c31ee9e3c2c6fb815f15eb0c6cb07b55383148621abc1973feac72eaaa1cab",
                (Place(*_FRANTAR, f"{_FRANTAR_PATH}/t5-data.csv"),),
            ),
        ),
    ),
    Dataset(
        name="frantar2023_vit",
        title="112 pruned ViT runs on JFT-4B, 0.7M to 170M parameters",
        citation="Frantar et al. (2023), arXiv:2309.08520",
        licence="Apache-2.0",
        loss_unit="validation loss of an image classifier, not nats per token",
        traps=(
            "tokens are images",
            "coefficients cannot be compared with those of a language model",
        ),
        n_rows=112,
        columns=("run_id", "n_active", "n_total", "sparsity", "tokens", "loss", "scale"),
        folder="frantar2023",
        originals=(
            Original(
                "7ab6f79e94978c03f77182691f49cbf55725e205db2ba2d9da78a857fc515aa8",
                (Place(*_FRANTAR, f"{_FRANTAR_PATH}/vit-data.json"),),
            ),
        ),
    ),
    Dataset(
        name="joint_moe_part",
        title="148 switch-MoE runs, 1, 2 and 4 experts; parameters, tokens and sparsity all vary",
        citation="figure data of llm-random/llm-random-cemetery, with Ludziejewski et al. (2025), "
        "arXiv:2502.05172",
        licence="Apache-2.0",
        loss_unit="nats per token",
        traps=(
            "a part of the grid: below 5e19 FLOPs",
            "under-trained runs (tokens < n_active) are the outliers",
            "expert_sparsity = 1 - 1/n_experts; sparsity = 1 - n_active/n_total",
            "derived from figures: only to be had from a local folder",
        ),
        n_rows=148,
        columns=(
            "run_id", "n_total", "n_active", "n_total_nonemb", "n_active_nonemb", "n_experts",
            "top_k", "expert_sparsity", "sparsity", "tokens", "flops", "loss", "d_model",
            "n_blocks",
        ),
        folder="joint_moe_part",
        normalised_sha256="e42bf283af1c1a64ce7a927c8d4a0174c7752e1dc46ced739c50519c16924c39",
    ),
)  # fmt: skip

DATASETS: Mapping[str, Dataset] = MappingProxyType({dataset.name: dataset for dataset in _ALL})


def dataset(name: str) -> Dataset:
    """Find a table by name.

    Raises:
        InputError: If there is none; the nearest name is given.
    """
    return DATASETS[checks.one_of("public table", name, DATASETS)]
