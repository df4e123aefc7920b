"""`autotune design fit`, and designs by what it saved."""

import json

import pytest
from cli_run import run
from made_surface import Surface, csv, runs

OWN = {"M", "D", "M/N_a", "N/N_a", "d", "peak lr", "batch"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs of whole layers, and a fit of them called ours."""
    folder = tmp_path_factory.mktemp("design-fit")
    made = runs(budgets=(1e19, 3e19, 1e20, 3e20), whole=True, noise=1e-4, ranks=False)
    (folder / "runs.csv").write_text(csv(*made))
    done = run("design", "fit", "runs.csv", "--save", "ours", "--bootstrap", "100", cwd=folder)
    assert done.returncode == 0, done.stderr + done.stdout
    (folder / "out.txt").write_text(done.stdout)
    (folder / "err.txt").write_text(done.stderr)
    return folder


def design(folder, *arguments):
    done = run("design", "--shape-law", "ours", *arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["design"]
    return found, {figure["name"]: figure for figure in found["target"]}


def test_the_fit_shows_counts_best_values_laws_and_rules(folder):
    out, err = (folder / "out.txt").read_text(), (folder / "err.txt").read_text()
    for part in (
        "Runs in each curve:", "within 0.1 % of its least:", "law over C", "Worth knowing:",
        "batch was varied at 0 of 4 budgets", "How runs were chosen:", "Saved as",
    ):  # fmt: skip
        assert part in out
    assert "batch_sequences = batch" in err
    assert "288 (the paper's)" in err
    assert all(len(line) <= 120 for line in out.splitlines())


def test_json_has_laws_with_intervals_and_the_state_of_every_curve(folder):
    done = run("design", "fit", "runs.csv", "--bootstrap", "50", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["n_runs"] == sum(each["n_runs"] for each in record["budgets"])
    for budget in record["budgets"]:
        assert {"M", "density", "expansion", "width", "lr"} <= budget["numbers"].keys()
        for found in budget["numbers"].values():
            assert found["state"] == "fitted"
            assert found["band"][0] <= found["best"] <= found["band"][1]
    law = record["laws"]["density"]
    assert law["budgets"] == [1e19, 3e19, 1e20, 3e20]
    for coefficient in ("c", "p"):
        low, high = law["best"][f"{coefficient}_interval"]
        assert low < law["best"][coefficient] < high
    for at in law["predictions"]:
        assert at["interval"][0] < at["value"] < at["interval"][1]
        assert at["value"] == pytest.approx(float(Surface().density.value(at["flops"])), rel=0.02)


def test_a_design_takes_every_number_from_the_fit(folder):
    found, figures = design(folder, "--flops", "1e20")
    assert found["fitted_range"] == [1e19, 3e20]
    assert found["times_beyond"] == 1
    for name in OWN:
        assert figures[name]["origin"] == "fit ours"
        assert "runs of runs.csv, SHA-256" in figures[name]["source"]
        low, high = figures[name]["interval"]
        assert low * (1 - 1e-9) <= figures[name]["value"] <= high * (1 + 1e-9)
        assert (figures[name]["band"] is None) == (name == "batch")
    assert figures["M"]["value"] * figures["D"]["value"] == pytest.approx(1e20)
    low, high = figures["N_a"]["interval"]
    assert low < figures["N_a"]["value"] < high
    assert figures["N"]["interval"][0] < figures["N"]["value"] < figures["N"]["interval"][1]
    assert figures["heads"]["origin"] == "fit ours"
    assert found["held"]["heads"] == [8, 128]
    for model in found["models"][1:]:
        low, high = found["d_band"]
        assert low <= model["architecture"]["d_model"] <= high


def test_the_table_shows_bands_and_that_the_paper_has_none(folder):
    own = run("design", "--shape-law", "ours", "--flops", "1e20", cwd=folder).stdout
    assert "near-optimal" in own
    assert all(len(line) <= 120 for line in own.splitlines())
    own = " ".join(own.split())
    assert "within 0.1 % of the least loss" in own
    assert "All but the first have a d that is near-optimal" in own
    papers = run("design", "--flops", "1e20", cwd=folder).stdout
    assert "no widths of its near-optimal" in " ".join(papers.split())
    assert "near-optimal  " not in papers


def test_beyond_the_runs_a_budget_is_extrapolated_and_its_heads_double(folder):
    found, figures = design(folder, "--flops", "3e23")
    assert found["times_beyond"] == pytest.approx(1000)
    assert figures["heads"]["origin"] == "our rule"
    assert figures["heads"]["value"] % 16 == 0
    assert figures["heads"]["value"] > 16


def test_another_sparsity_or_length_is_a_stand_in_with_moved_bands(folder):
    _, own = design(folder, "--flops", "1e20")
    _, other = design(folder, "--flops", "1e20", "--experts", "128", "--seq-len", "4096")
    for name, pole in (("M/N_a", 6), ("N/N_a", 1)):
        assert other[name]["origin"] == "stand-in"
        share = (other[name]["value"] - pole) / (own[name]["value"] - pole)
        assert share < 1
        for kind in ("interval", "band"):
            moved = [pole + share * (end - pole) for end in own[name][kind]]
            assert other[name][kind] == pytest.approx(moved)
    assert other["M"]["origin"] == "fit ours"


def test_a_width_rule_that_is_asked_for_comes_before_the_fit(folder):
    _, figures = design(folder, "--flops", "1e20", "--width-rule", "ratio")
    assert figures["d"]["origin"] == "stand-in"
    assert figures["d"]["band"] is None


def test_a_law_of_the_loss_beside_the_fit_chooses_m_alone(folder):
    made, figures = design(folder, "--flops", "1e21", "--law", "abnar2025", "--top", "3")
    _, known = design(folder, "--flops", "1e21", "--top", "1")
    assert figures["M"]["origin"] == "scan"
    assert all(figures[name] == known[name] for name in ("M/N_a", "N/N_a"))
    assert made["law"]["by_shape_laws"]["loss"] > made["law"]["loss"]
    shown = run(
        "design", "--flops", "1e21", "--law", "abnar2025", "--shape-law", "ours", cwd=folder
    )
    said = " ".join(shown.stdout.split())
    assert "asked of 160 designs over M and the M/N_a, N/N_a and d of ours." in said
    assert "ours decides." in said
    assert "and ranks the others." in said


def test_what_the_runs_do_not_settle_stays_the_papers_and_ends_with_status_1(folder):
    lines = (folder / "runs.csv").read_text().splitlines()
    columns = lines[0].split(",")[:-2]
    cut = [",".join(line.split(",")[: len(columns)]) for line in lines]
    (folder / "cut.csv").write_text("\n".join(cut) + "\n")
    done = run(
        "design",
        "fit",
        "cut.csv",
        "--where",
        "d_model < 1500",
        "--bootstrap",
        "50",
        "--save",
        "part",
        cwd=folder,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "The runs do not settle everything:" in done.stdout
    shown = run("design", "--shape-law", "part", "--flops", "1e19", "--json", cwd=folder)
    figures = {each["name"]: each for each in json.loads(shown.stdout)["design"]["target"]}
    assert figures["peak lr"]["origin"] == "re-fit"
    assert figures["peak lr"]["interval"] is None
    assert "fit part" in {each["origin"] for each in figures.values()}


def test_laws_lists_and_shows_the_fit(folder):
    assert "ours: 1e+19 to 3e+20 FLOPs" in run("laws", cwd=folder).stdout
    shown = run("laws", "ours", cwd=folder).stdout
    assert "shape fit" in shown
    assert "M/N_a = 6 + " in shown
    done = run("plan", "--flops", "1e20", "--law", "ours", cwd=folder)
    assert done.returncode == 2
    assert "predicts no loss" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--flops", "1e20", "--shape-law", "theirs"], 2, "no fit 'theirs'"),
        (
            ["--like", "deepseek-v3", "--shape-law", "ours"],
            2,
            "--shape-law: of no use where --like",
        ),
        (["--flops", "1e20", "fit", "runs.csv"], 2, "put them behind `fit`"),
        (["fit", "runs.csv", "--force"], 2, "--force is of no use without --save"),
        (["fit", "runs.csv", "--save", "a/b"], 2, "cannot name a fit"),
        (["fit", "runs.csv", "--save", "ours", "--bootstrap", "9"], 2, "holds a different fit"),
        (["fit", "runs.csv", "--tolerance", "2"], 2, "tolerance 2"),
        (["fit", "nowhere.csv"], 2, "no such file"),
        (["fit", "runs.csv", "--where", "flops == 1e19 and d_model < 700"], 3, "no law can be"),
    ],
)
def test_mistakes_are_one_line(folder, arguments, status, says):
    done = run("design", *arguments, cwd=folder)
    assert done.returncode == status, done.stdout
    assert says in done.stderr.splitlines()[-1]
