PYTHON ?= python3
BIN := .venv/bin

.PHONY: compose test model check clean

compose: .venv/base  ## continue the bundled example with the shipped model
	$(BIN)/notegen compose $$($(BIN)/python -c "from notegen_corpora import example_seed; print(example_seed())")

test: .venv/dev  ## the whole test suite, with lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

model: .venv/dev  ## train the shipped models again (an hour on two cores)
	$(BIN)/notegen train ryan oneill aird --output notegen/models/folk.notegen \
		--units 512 --epochs 8 --force
	$(BIN)/notegen train chorales --tracks all --output notegen/models/chorale.notegen \
		--units 384 --dropout 0.4 --recurrent-dropout 0.3 --batch 16 --epochs 18 --force
	$(BIN)/notegen corpus fetch pop909
	$(BIN)/notegen train pop909 --tracks all --test-every 9 --output notegen/models/pop.notegen \
		--units 512 --epochs 3 --force

.venv/base: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@ .venv/base

clean:  ## remove what make made
	rm -rf .venv *-takes
