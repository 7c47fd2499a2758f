# What a checkout needs and does. Every target brings what it needs.
#   make compile   the reference platform.yaml into base/, overlays/ and out/
#   make test      the tests; brings kustomize and kubeconform
#   make live      the tests that run real servers; brings those too, which takes a while once
#   make judges    what kube-score and checkov say about every scenario; brings those too
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: compile test live judges lint tools snapshots clean

compile: $(VENV)/.installed
	$(BIN)/platformc compile

test: $(VENV)/.test tools
	$(BIN)/pytest -n auto -m "not live"

live: $(VENV)/.test tools
	$(BIN)/pytest -m "live and not judges"

judges: $(VENV)/.test
	tests/tools.sh judges
	$(BIN)/pytest -m judges

lint: $(VENV)/.lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Accept what the compiler now writes: the reference tree and every scenario's.
snapshots: $(VENV)/.test
	$(BIN)/platformc schema > schemas/platform.schema.json
	$(BIN)/platformc graph --as svg > docs/reference-platform.svg
	$(BIN)/platformc compile --force
	$(BIN)/pytest -n auto -m "not live" --snapshot-update tests/test_scenarios.py

tools:
	tests/tools.sh

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --group test
	touch $@

$(VENV)/.lint: $(VENV)/.test
	$(BIN)/pip install --quiet --disable-pip-version-check --group lint
	touch $@

clean:
	rm -rf $(VENV) .tools
