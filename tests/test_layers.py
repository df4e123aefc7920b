"""The layers of the design hold: imports point down, and each heavy library has one home."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "autotune"
LAYERS = [
    {"errors", "types", "checks", "quantities", "share", "process_stat"},
    {"laws", "architecture", "fitting", "planning", "trials", "problem", "search", "space"}
    | {"problem_options", "problem_parts", "tuning_problem", "old_configspace", "derived"}
    | {"deadline", "phase", "ladder", "history", "curves", "suggestion"},
    {"tuning", "ports", "ask_tell", "desk", "problem_file"},
    {"evaluators", "store", "fits", "launching", "training", "reporting", "interop"}
    | {"runs", "datasets", "models", "remote"},
    {"cli", "web"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HOME = {
    "torch": {"training"},
    "mpi4py": {"evaluators"},
    "sqlite3": {"store"},
    "sqlalchemy": {"store"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "pydantic": {"web"},
    "uvicorn": {"web"},
    "plotly": {"reporting"},
    "matplotlib": {"reporting"},
    "optuna": {"interop"},
    "pooch": {"datasets"},
    "pyarrow": {"runs", "training"},  # tables of runs; and the text of a corpus
    "transformers": {"training"},
    "tokenizers": {"training"},
    "skopt": {"search", "space"},
    "threadpoolctl": {"search"},
    "ytopt": {"search"},
    "subprocess": {"evaluators", "launching", "cli"},
}
ADAPTERS = LAYERS[3]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "_share" not in p.parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = path.relative_to(PACKAGE).with_suffix("").parts[0]
    for name in imported(path):
        first, *rest = name.split(".")
        if first == "autotune" and here in LEVEL:
            assert LEVEL[rest[0]] <= LEVEL[here], f"{here} must not import {rest[0]}"
            if here in ADAPTERS:
                assert rest[0] not in ADAPTERS - {here}, f"adapter {here} imports {rest[0]}"
        assert here in HOME.get(first, {here}), f"only {HOME.get(first)} may import {first}"


def test_every_module_has_a_layer():
    tops = {p.relative_to(PACKAGE).with_suffix("").parts[0] for p in MODULES}
    assert tops - {"__init__", "__main__"} <= set(LEVEL)
