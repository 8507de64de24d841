# Two commands are enough: `make lab` opens the camp, `make test` checks everything.
# Other systems, without make:  pip install ".[lab]" && mslearn lab

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
BIN    := $(VENV)/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A slow or shaky line (tests that install something inherit it): pip gives up after 15 s otherwise.
export PIP_DEFAULT_TIMEOUT ?= 60
export PIP_RETRIES ?= 10
export PIP_RESUME_RETRIES ?= 10

# What the installed package is made of; a change installs it again.
SOURCES := pyproject.toml hatch_build.py README.md $(shell find mslearn lessons widgets -type f \
	-not -name '*.pyc' -not -name '.*' -not -path '*/node_modules/*' -not -path '*/.ipynb_checkpoints/*' \
	-not -path 'mslearn/static/*' -not -path 'widgets/lab/lib/*' -not -path 'widgets/lab/dist/*')

.PHONY: help lab test viewers lint bench clean oracle goldens

help:
	@echo "make lab    open the camp in JupyterLab   (ARGS=\"--port 9000 --lang zh\")"
	@echo "make test   run every test                (ARGS=\"-k sidebar\")"
	@echo "make lint   ruff, mypy, TypeScript"
	@echo "make bench  speed against NumPy by hand and, where it is installed, PyTorch"
	@echo "make clean  remove what was built and installed here"

lab: $(VENV)/.lab
	@$(BIN)/mslearn lab $(ARGS)

test: $(VENV)/.test viewers
	$(BIN)/pytest $(ARGS)

# MindInsight, TensorBoard and nbgrader, which must open our files; each in an environment of its own.
viewers: $(BIN)/python
	@$(BIN)/python tools/viewers.py .viewers

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd widgets/lab && npm run --silent check
	cd widgets/insight && npm run --silent check

# Real MindSpore, the oracle of the goldens (2.8 GB, in an environment of its own).
oracle:
	$(PYTHON) -m venv .oracle
	.oracle/bin/python -m pip install --quiet mindspore 'numpy<2'

goldens:
	.oracle/bin/python tests/goldens/record.py
	.oracle/bin/python tests/goldens/record_ckpt.py
	PYTHONPATH=. .oracle/bin/python tests/dataset/record_sources.py
	PYTHONPATH=. $(BIN)/python tests/export/record_mindspore.py .oracle/bin/python

# Ratios against PyTorch (pip install torch) and hand-written NumPy; see benchmarks/.
bench: $(VENV)/.test
	@for name in mlp_step small_net conv_steps lstm_step gpt_step zoo_steps optimizers graph_mode \
	  backends placement insight_overhead dashboard graph_paint jpeg_pipeline; do \
	  echo "\n== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done
	$(BIN)/python benchmarks/data_pipeline.py $(wildcard .oracle/bin/python)

# docs/support.md: which of MindSpore's names the tests prove (runs the engine's tests).
support: $(VENV)/.test
	$(BIN)/python tools/make_support_table.py

clean:
	rm -rf $(VENV) dist build mslearn/static widgets/lab/dist widgets/lab/lib widgets/*/.built \
		widgets/*/node_modules test-results

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "mslearn needs Python 3.10 or newer: make lab PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.lab: $(BIN)/python $(SOURCES)
	@echo "Installing mslearn and JupyterLab into $(VENV) (a minute or two) …"
	@$(BIN)/python -m pip install --quiet ".[lab]"
	@touch $@

$(VENV)/.test: $(BIN)/python $(SOURCES)
	@echo "Installing mslearn and its test tools into $(VENV) (a minute or two) …"
	@$(BIN)/python -m pip install --quiet ".[lab,lessons,dev]"
	@touch $(VENV)/.lab $@
