# Needs nothing but make and python3; everything else goes into .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo

.PHONY: help demo test check handover lint types imports format benchmark clean

help:
	@echo "make demo   a generator writes records, a stream program shows them"
	@echo "make test   the tests"
	@echo "make check  lint, types, import rules, tests"
	@echo "make handover  the tests that need real Spark"

$(VENV)/demo.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/demo.stamp requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

demo: $(VENV)/demo.stamp
	$(BIN)/python examples/demo.py $(DEMO)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest --numprocesses 2 $(PYTEST_OPTIONS)

check: lint types imports test

# The tests that need real Spark (Java 17 must be there): hand-over of checkpoints, both ways.
handover: $(VENV)/dev.stamp $(VENV)-spark/stamp
	POTOK_SPARK_PYTHON=$(abspath $(VENV)-spark/bin/python) $(BIN)/python -m pytest tests/handover tests/kafka/test_handover.py tests/stateful/test_handover.py tests/stateful/test_readers.py

$(VENV)-spark/stamp:
	$(PYTHON) -m venv $(VENV)-spark
	$(VENV)-spark/bin/python -m pip install --quiet "pyspark[connect]==4.3.0" "pandas<3"
	@touch $@

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

imports: $(VENV)/dev.stamp
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmark: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(VENV)-spark $(DEMO) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
