# Written for GNU make 3.81, which macOS still has.

SHELL  := /bin/sh
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := requirements-dev.lock
MONGO  := tools/mongo/mongo
VALIDATOR := tools/validator
PACKAGES  := ../shared/packages
MVN    := mvn
ARGS   ?=
PYTHON ?=
PYTHONS := python3.13 python3.12 python3.11 python3

.DEFAULT_GOAL := help
.PHONY: help demo smart test check bench lock mongo validate apps audit-dependencies sbom clean

help:
	@echo 'make demo    serve synthetic data at http://127.0.0.1:8000/fhir (needs Python >= 3.11)'
	@echo 'make smart   the same with sample apps and a server to sign in at: http://127.0.0.1:8000'
	@echo 'make test    run all tests; with Go installed, those against MongoDB too'
	@echo 'make check   lint, types, import contracts, drift of derived files'
	@echo 'make bench   run the benchmarks'
	@echo 'make validate  let the HL7 validator look at all that is served (needs Java >= 17, Maven)'
	@echo 'make audit-dependencies  look up the locked releases among the known vulnerabilities'
	@echo 'make sbom    write dist/sbom.json: what a deployment installs (CycloneDX)'
	@echo 'make apps    build and test the sample apps (needs Node >= 18; what is built is committed)'
	@echo 'make mongo   build the MongoDB substitute of the test run (needs Go >= 1.22)'
	@echo 'make lock    write $(LOCK) anew from the newest allowed versions'
	@echo 'make clean   remove everything that make made, $(VENV) included'
	@echo 'Options go in ARGS: make demo ARGS="--port 9000", make test ARGS="-k paging".'
	@echo 'A certain Python: make demo PYTHON=/path/to/python'

demo: $(VENV)/.installed
	@exec $(BIN)/fhir-facade serve --demo $(ARGS)

smart: $(VENV)/.installed
	@exec $(BIN)/fhir-facade serve --demo --auth $(ARGS)

# CHECK=1 builds nothing: it says whether what is committed is what the sources give.
apps: apps/node_modules/.installed
	cd apps && node build.mjs $(if $(CHECK),--check)
	cd apps && node --test

apps/node_modules/.installed: apps/package.json apps/package-lock.json
	cd apps && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# The substitute is only built where it will be used, and its absence skips tests, not the run
# (tests/mongo_server.py says which server is taken, and REQUIRE_MONGO=1 makes a missing one fail).
test: $(VENV)/.installed-dev
	@if [ -z "$$FHIR_FACADE_TEST_MONGO_URL" ] && ! command -v mongod >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory mongo || echo 'tools/mongo did not build'; \
	fi
	$(BIN)/python -m pytest --cov --cov-branch --cov-report=term-missing:skip-covered $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/fhir-facade derive --check

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

mongo:
	@if command -v go >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory $(MONGO); \
	else \
		echo 'no Go here: tools/mongo is not built'; \
	fi

# No version-control stamp: it fails in a checkout that belongs to another user.
$(MONGO): tools/mongo/main.go tools/mongo/go.mod tools/mongo/go.sum
	cd tools/mongo && go build -trimpath -buildvcs=false -o mongo .

# ARGS=--strict shows the run failing: broken resources count as any other then.
validate: $(VENV)/.installed-dev $(VALIDATOR)/target/validator.jar
	$(BIN)/fhir-facade derive --package $(VALIDATOR)/target/fhir-facade.tgz
	$(BIN)/python -m tests.validator.corpus $(VALIDATOR)/target/corpus
	java -jar $(VALIDATOR)/target/validator.jar \
		--home $(VALIDATOR)/target/home \
		--cached $(PACKAGES)/hl7.fhir.r4.core-4.0.1.tgz \
		--package $(VALIDATOR)/target/fhir-facade.tgz \
		--package $(PACKAGES)/hl7.fhir.us.core-6.1.0.tgz \
		--allow $(VALIDATOR)/accepted-warnings.json \
		--allow $(VALIDATOR)/known-errors.json \
		--report $(VALIDATOR)/target/report.json \
		$(ARGS) $(VALIDATOR)/target/corpus

$(VALIDATOR)/target/validator.jar: $(VALIDATOR)/pom.xml \
		$(wildcard $(VALIDATOR)/src/*/java/com/wellnecity/fhir/validator/*.java)
	cd $(VALIDATOR) && $(MVN) -q -B package

# Where no advisory service answers, this says so and is not an error; ARGS=--require makes it one.
audit-dependencies: $(VENV)/.installed-dev
	$(BIN)/python -m tools.supply_chain.audit $(LOCK) $(ARGS)

sbom: $(VENV)/.installed-dev
	$(BIN)/python -m tools.supply_chain.sbom dist/sbom.json

# A stamp is older than pyproject.toml or the lock when the environment is out of date.
$(VENV)/.installed: pyproject.toml $(LOCK) $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(LOCK) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(LOCK) $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(LOCK) -e '.[dev]'
	@touch $(VENV)/.installed $@

# A name on the PATH proves little (pyenv shims, a Debian without python3-venv), so each is tried.
$(BIN)/python:
	@for candidate in $(PYTHON) $(PYTHONS); do \
		if $$candidate -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
			>/dev/null 2>&1; then \
			echo "making $(VENV) with $$($$candidate --version)"; \
			exec $$candidate -m venv --clear $(VENV); \
		fi; \
	done; \
	echo 'No working Python >= 3.11 with venv; tried: $(PYTHON) $(PYTHONS)' >&2; \
	echo 'Install one (Debian: apt-get install python3 python3-venv),' \
		'or name it: make PYTHON=/path/to/python' >&2; \
	exit 1

# A fresh environment, so that nothing installed by hand gets in; on the oldest Python at hand,
# because a version chosen there exists for the newer ones too. Plain name==version lines hold
# for every package index.
lock:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(MAKE) --no-print-directory VENV="$$folder/venv" \
		PYTHONS='python3.11 python3.12 python3.13 python3' "$$folder/venv/bin/python" && \
	"$$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[dev,motor]' && \
	"$$folder/venv/bin/python" -m pip list --format=freeze --disable-pip-version-check \
		--exclude-editable --exclude pip --exclude setuptools --exclude wheel > "$$folder/list" && \
	{ echo '# Exact versions for tests and the demo, made by `make lock`; used as constraints.'; \
		LC_ALL=C sort -f "$$folder/list"; } > $(LOCK)

clean:
	rm -rf $(VENV) $(MONGO) $(VALIDATOR)/target tests/clients/js/node_modules apps/node_modules examples/node_modules examples/browser/node_modules dist build *.egg-info .coverage .hypothesis
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
