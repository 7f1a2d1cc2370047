# Each target does its own set-up; what is needed is CPython 3.12 or later, pip and make.

VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

# Without compiled bytecode every import takes several times as long; it is compiled with the
# first import, as all of it at once takes a minute and a half.
unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS = never
export UV_PYTHON = $(CURDIR)/$(BIN)/python
export UV_PROJECT_ENVIRONMENT = $(CURDIR)/$(VENV)
# Two plugins that are of no use here cost every worker four seconds of imports: notebooks are
# tested by a pytest of their own.
TESTS := -m pytest -n auto --dist loadgroup --no-loadscope-reorder -p no:nbval -p no:zarr

.PHONY: demo story test coverage lowest release-check lint lab wheel docs clean
.DEFAULT_GOAL := demo

## Two refreshes of a simulated company, one quarter after the other.
demo: $(READY)
	@$(BIN)/mmm refresh params/demo.yaml
	@run=$$($(BIN)/mmm refresh params/demo.yaml --set refresh.period=2026-Q3 \
		--set refresh.as_of=2026-10-01 --set data.simulated.vintage=2); code=$$?; \
	[ -z "$$run" ] || printf 'The pack: %s/pack/index.html\n%s\n' "$$run" "$$run"; \
	exit $$code

## Two quarters of a simulated company as docs/operating.md tells them, in build/story.
story: $(READY)
	@rm -rf build/story; mkdir -p build
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/two_quarters.sh build

## Every test, the notebooks and one real refresh among them.
test: $(READY)
	@$(BIN)/python $(TESTS) --durations=25

## How much of the library quick tests run; less than the floor in pyproject.toml fails.
coverage: $(READY)
	@$(BIN)/python $(TESTS) -m "not slow" --cov=mmmlib

## Quick tests with the lowest versions that pyproject.toml allows, in an environment of their own.
lowest: $(READY)
	@UV_PROJECT_ENVIRONMENT=build/lowest PATH="$(CURDIR)/$(BIN):$$PATH" \
		uv venv --quiet --clear --python $(BIN)/python build/lowest
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv pip install --quiet --python build/lowest/bin/python \
		--resolution lowest-direct --editable . --group dev
	@build/lowest/bin/python $(TESTS) -m "not slow"

## Holds a tag against the version and the changelog: make release-check TAG=v1.2.3.
release-check: $(READY)
	@$(BIN)/python -m tests.release_check "$(TAG)"

lint: $(READY)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m tests.docstrings
	@$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb reports/*.ipynb

## The notebooks in JupyterLab, on the newest run.
lab: $(READY)
	@$(BIN)/jupyter lab

## The package, with notebooks and report templates in it, into dist/.
wheel: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv build --quiet --wheel

## The documentation site into build/site; a warning stops it.
docs: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" uv sync --quiet --frozen --inexact --extra docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo build/site/index.html

## Removes what can be made again; runs stay, they are records.
clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml uv.lock
	@set -e; \
	for found in python3.13 python3.12 python3.14 python3 python; do \
		if $$found -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; \
		then python=$$found; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "CPython 3.12 or later is needed." >&2; exit 1; fi; \
	[ -x $(BIN)/python ] || $$python -m venv --without-pip $(VENV); \
	if command -v uv >/dev/null 2>&1; then uv=uv; else \
		uv=$(BIN)/uv; \
		[ -x $$uv ] || $$python -m pip --python $(BIN)/python install --quiet uv; \
	fi; \
	echo "Installing what uv.lock names into $(VENV)"; \
	$$uv sync --quiet --frozen --inexact
	@touch $@
