# What a checkout needs and does. Every target brings what it needs.
#   make compile   the reference platform.yaml into base/, overlays/ and out/
#   make test      the tests; brings kustomize and kubeconform
#   make live      the tests that run real servers; brings those too, which takes a while once
#   make -j 3 programs   the programs of `live`, `cluster` and `judges`, side by side
#   make cluster   the README's way to a logged run, and a model that answers, on a real node; as root
#   make soak      the live tests that take long, and upstream's other controllers on that node; builds
#                  them, which takes half an hour once
#   make injected  the tables of containers that upstream adds to pods, anew from its code
#   make judges    what kube-score, checkov and trivy say about every scenario; brings those too
#   make bench     platformc against its peers, into docs/performance.md and fleet.md; brings those too
#   make docs      the documentation as a site in .site/, every link checked; brings MkDocs
#   make fields    the objects that follow from each field, for the reference; two minutes
#   make release   the wheel and the sdist of this version into dist/, and its notes
#   make lock      the dependencies anew, pinned with hashes; make audit asks for known flaws
#   make sbom      the list of what users install, with licences, of the locked releases
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: docs fields release notes bytecode compile test programs live-programs cluster-programs judges-programs
.PHONY: live cluster soak injected judges bench lint tools snapshots lock audit sbom clean

compile: $(VENV)/.installed
	$(BIN)/platformc compile

test: $(VENV)/.installed tools bytecode
	$(BIN)/pytest -n auto -m "not live"

# The programs of the targets below; with nothing cached, `make -j 3 programs` brings them in half of the time.
programs: live-programs cluster-programs judges-programs

live-programs: $(VENV)/.installed tools
	tests/tools.sh ciphers
	tests/live/provision.sh
	tests/live/argocd/build.sh
	tests/upstream/build.sh

cluster-programs: $(VENV)/.installed tools
	tests/cluster/provision.sh

judges-programs: $(VENV)/.installed tools
	tests/tools.sh judges

live: live-programs bytecode
	$(BIN)/pytest -n 3 --dist loadscope -m "live and not judges and not cluster and not soak"

cluster: cluster-programs
	$(BIN)/pytest -rP -m "cluster and not soak" tests/cluster

soak: $(VENV)/.installed tools
	tests/live/provision.sh
	$(BIN)/pytest -n 2 --dist loadscope -m "soak and not cluster" tests/live
	tests/cluster/provision.sh soak
	$(BIN)/pytest -rP -m soak tests/cluster

# The containers that upstream systems add to pods, anew from their own code.
injected: $(VENV)/.installed
	tests/upstream/build.sh all
	tests/cluster/operators.sh helm istio
	PYTHONPATH=tests $(BIN)/python -m upstream.table

judges: judges-programs
	$(BIN)/pytest -m judges

bench: $(VENV)/.installed tools
	tests/tools.sh peers
	$(BIN)/python -m benchmarks.run --into docs/performance.md
	$(BIN)/python -m benchmarks.fleet --into docs/fleet.md

lint: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Accept what the compiler now writes: the reference tree and every scenario's, or one scenario's
# alone with `make snapshots SCENARIO=redis-aof`.
snapshots: $(VENV)/.installed
ifdef SCENARIO
	$(BIN)/pytest --snapshot-update tests/test_scenarios.py -k "[$(SCENARIO)]"
else
	$(BIN)/platformc schema > schemas/platform.schema.json
	$(BIN)/platformc graph --as svg > docs/reference-platform.svg
	$(BIN)/platformc compile --force
	$(BIN)/pytest -n auto -m "not live" --snapshot-update tests/test_scenarios.py tests/test_reviews.py
	PYTHONPATH=tests $(BIN)/python -m support.fields
endif

# What is derived from each field, for the reference, measured for all of them: two minutes.
fields: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python -m support.fields --all

# MkDocs has an environment of its own; strict, so that a link that leads nowhere fails.
docs: .tools/docs/.installed
	rm -rf .site
	.tools/docs/bin/mkdocs build --quiet

.tools/docs/.installed: pyproject.toml requirements/docs.txt
	$(PYTHON) -m venv .tools/docs
	.tools/docs/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/docs.txt
	.tools/docs/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# The version is the one of compiler/__init__.py, for the wheel, the container and the Action alike:
# each installs the checkout. Tag the commit `v` and the version.
release: $(VENV)/.installed
	rm -rf dist
	PYTHONPATH=tests $(BIN)/python -m support.fields --check
	$(BIN)/python -m hatchling build -d dist
	$(MAKE) --silent notes >dist/NOTES.md

# The section of the changelog, by default the newest: `make notes RELEASE=0.1.0`.
notes:
	@awk -v release='$(RELEASE)' '/^## / {on = !done && (release == "" || $$2 == release); done = done || on} \
	  on {print} END {exit !done}' CHANGELOG.md

tools:
	tests/tools.sh

# Many tests start the compiler anew. Without bytecode, which an environment may forbid to write, each
# start compiles all its modules: half of the time of such a test.
bytecode: $(VENV)/.installed
	$(BIN)/python -m compileall -q compiler tests/support

# Only what the lock lists, each file with the hash that is listed for it.
$(VENV)/.installed: pyproject.toml requirements/ci.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements/ci.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

# The newest releases that pyproject.toml and requirements/*.in allow; review the difference, then
# `make audit`. Each .in is the environment of a program that the tests run.
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --upgrade --quiet --no-emit-package psycopg2

lock: $(VENV)/.installed
	$(PIP) uv
	$(COMPILE) --group build --group test --group lint --output-file requirements/ci.txt pyproject.toml
	$(COMPILE) --constraint requirements/ci.txt --group build --group docs --output-file requirements/docs.txt pyproject.toml
	$(COMPILE) --constraint requirements/ci.txt --output-file requirements/run.txt pyproject.toml
	$(COMPILE) --constraint requirements/ci.txt --output-file requirements/build.txt requirements/build.in
	for file in $(filter-out requirements/build.in,$(wildcard requirements/*.in)); do $(COMPILE) --output-file $${file%.in}.txt $$file; done

# Asks what is known of every release in the locks, and of every Go program that was built; fails where
# a source gives no answer.
sbom: $(VENV)/.installed
	$(BIN)/python tests/support/bill_of_materials.py

audit: $(VENV)/.installed
	$(PIP) pip-audit
	tests/tools.sh audit
	$(BIN)/python tests/support/dependency_audit.py

clean:
	rm -rf $(VENV) .tools
