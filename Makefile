# `make demo` runs the main job, `make test` the checks. Both need only Python >= 3.11.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported: most of the larger packages never are. A variable
# that forbids to keep what was compiled would have each of the tests' processes compile all of it.
export PYTHONDONTWRITEBYTECODE :=
PIP_FLAGS := --quiet --disable-pip-version-check --no-compile
# The tests train on the CPU: any PyTorch of the range in pyproject.toml serves, and this one is theirs.
TORCH ?= torch==2.13.0
.DEFAULT_GOAL := demo
.PHONY: demo test collect pytest test-long install install-test install-mpi install-system check docs clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) '$(TORCH)' --editable '.[test]'
	@touch $@ $(VENV)/.installed

install: $(VENV)/.installed ## the command alone

install-test: $(VENV)/.installed-test ## the command and what its tests need

# One environment per MPI, for the two wheels cannot share one. Each holds its MPI and mpi4py alone,
# and sees everything else through the environment of the tests: site.addsitedir reads that one's
# own .pth files too, so that an editable install is found as well.
.venv-%/.installed: $(VENV)/.installed-test
	$(BIN)/python -m venv --without-pip .venv-$*
	$(BIN)/python -m pip --python .venv-$*/bin/python install $(PIP_FLAGS) $* 'mpi4py>=4'
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" \
		% sysconfig.get_path("purelib"))' > \
		$$(.venv-$*/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tests.pth
	@touch $@

install-mpi: .venv-mpich/.installed .venv-openmpi/.installed ## both MPIs, for the tests of tune under mpiexec

install-system: ## a browser and a database server for the tests, where Debian's packages can be had
	@sh tests/install-system.sh

demo: install ## the main job: search, check against the exact optimum, browse the record
	@sh launch/demo.sh $(abspath $(BIN))

test: ## lint, types, tests
	$(MAKE) --jobs 2 install-mpi install-system collect
	$(MAKE) --jobs 2 check pytest

# One BLAS thread each: the matrices are small, and threads that wait for each other burn the cores.
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --dist loadgroup

# Once, before several processes do it at the same time: it compiles what the tests import.
collect: install-test
	$(PYTEST) --collect-only --quiet >/dev/null

# More processes than cores: some tests wait for a scheduler, a launcher or a browser.
pytest: install-mpi
	$(PYTEST) -n 6 -m 'not long'

test-long: install-mpi install-system ## what make test leaves out: more seeds, peers and kills, the second MPI
	$(PYTEST) -n 6 -m long

check: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy autotune problems

docs: install ## the reference of the command line, from the command line itself
	$(BIN)/python -m typer autotune.cli.main utils docs --name autotune > docs/cli.md

clean:
	rm -rf $(VENV) .venv-mpich .venv-openmpi build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
