# Two verbs set everything up: `make run` and `make test`. Needs Python 3.11+ and, for the llama group, a C/C++ compiler.
.PHONY: run test check e2e bench model embeddings lock clean
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8501
VIGIE_HOME ?= var
export VIGIE_HOME
PY := .venv/bin/python
# Slim and portable: runs on any x86-64 with AVX2, whichever machine built it (see docs/models.md).
LLAMA_FLAGS ?= -DLLAVA_BUILD=OFF -DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DLLAMA_BUILD_TOOLS=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF
ifneq ($(shell uname -m),x86_64)
LLAMA_FLAGS := -DLLAVA_BUILD=OFF
endif
INSTALL := $(shell command -v uv >/dev/null 2>&1 && echo "uv pip install -q --python $(PY)" || \
  echo "$(PY) -m pip install -q --disable-pip-version-check") --no-deps --require-hashes

.venv/.app: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Vigie demande Python 3.11 ou plus récent : make PYTHON=/chemin/vers/python3.11 …" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installation des paquets (une seule fois, une minute environ)…"
	@$(INSTALL) -r requirements.lock
	@touch $@

.venv/.dev: .venv/.app requirements-dev.lock
	@$(INSTALL) -r requirements-dev.lock
	@touch $@

.venv/.llama: .venv/.app requirements-llama.lock
	@echo "Compilation de llama-cpp-python (une seule fois, 4 à 9 minutes)…"
	@CMAKE_ARGS="$(LLAMA_FLAGS)" $(INSTALL) -r requirements-llama.lock
	@touch $@

.venv/.embeddings: .venv/.app requirements-embeddings.lock
	@$(INSTALL) -r requirements-embeddings.lock
	@touch $@

run: .venv/.app   ## the app and one worker
	@$(PY) -m generation worker & worker=$$!; trap 'kill $$worker 2>/dev/null || true' EXIT; \
	echo "Vigie : http://localhost:$(PORT)   (Ctrl+C pour arrêter)"; \
	.venv/bin/streamlit run asgi.py --server.port $(PORT)

test: .venv/.dev .venv/.llama   ## unit and page tests, the real llama.cpp path included
	$(PY) -m pytest

check: .venv/.dev   ## format, lint, types, layers
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

e2e: .venv/.dev .venv/.llama   ## journeys in a real Chromium (CHROMIUM=path, /usr/bin/chromium by default)
	$(PY) -m pytest tests/e2e

bench: .venv/.dev .venv/.llama   ## each benchmark prints its table
	@for module in $$(ls benchmarks/*.py benchmarks/topics/__main__.py | sed 's|benchmarks/||; s|/__main__||; s|\.py$$||' | grep -v __init__); do \
	  echo "== benchmarks.$$module"; $(PY) -m benchmarks.$$module; done

model: .venv/.llama   ## the llama group; GGUF=PATH|URL SHA256=… also puts the weights in <home>/models
	@if [ -n "$(GGUF)" ]; then $(PY) -m generation add-model "$(GGUF)" --sha256 "$(SHA256)" --home "$(VIGIE_HOME)"; \
	else echo "llama.cpp est prêt. Ajoutez des poids : make model GGUF=chemin-ou-adresse SHA256=somme"; fi

embeddings: .venv/.embeddings   ## model2vec, to read a local folder of embeddings (VIGIE_EMBEDDINGS=folder) for the irritants

lock:   ## resolve again (needs uv); no index address is written
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal pyproject.toml -o requirements.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal --group llama -c requirements.lock -o requirements-llama.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal --group embeddings -c requirements.lock -o requirements-embeddings.lock

clean:   ## remove the environment and caches; data in $(VIGIE_HOME) stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results
