# make demo    build, then store, queue and fetch a few thousand crashes
# make test    everything that must pass: lint, types, Rust, Python, documentation
# make test-local  the same without what needs a RabbitMQ broker
# make bench   the benchmarks
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

RUST_SOURCES := Cargo.toml Cargo.lock $(wildcard rust/*/Cargo.toml) $(shell find rust -name '*.rs' 2>/dev/null)

.PHONY: demo build test test-local lint test-rust test-python test-python-local docs bench clean
.DELETE_ON_ERROR:

demo: build
	$(BIN)/socorro-fast demo

build: $(VENV)/built

$(VENV)/made:
	@PYTHON='$(PYTHON)' tools/check-tools.sh
	@echo 'making $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check 'maturin>=1.14,<2'
	@touch $@

# Python sources are used in place: only Rust and the list of dependencies make a new build.
$(VENV)/built: $(VENV)/made pyproject.toml $(RUST_SOURCES)
	@echo 'building the extension (release): about a minute'
	@PIP_QUIET=1 PIP_DISABLE_PIP_VERSION_CHECK=1 VIRTUAL_ENV='$(abspath $(VENV))' $(BIN)/maturin develop --release --locked --quiet
	@touch $@

$(VENV)/tested-with: $(VENV)/built pyproject.toml
	@$(BIN)/python tools/install_group.py test postgresql rabbitmq s3
	@touch $@

test: lint test-rust test-python

test-local: lint test-rust test-python-local

lint: $(VENV)/tested-with
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/mypy tools
	$(BIN)/python -m mypy.stubtest socorro_fast._rust --allowlist tools/stubtest-allowlist.txt

test-rust: $(VENV)/made
	cargo test --workspace --locked --quiet

test-python: $(VENV)/tested-with
	@tools/need-strace.sh
	@tools/need-rabbitmq.sh
	$(BIN)/pytest

test-python-local: $(VENV)/tested-with
	@tools/need-strace.sh
	$(BIN)/pytest --without-rabbitmq

docs: $(VENV)/tested-with
	$(BIN)/python tools/doc_blocks.py write docs/cli.md
	$(BIN)/python tools/reference.py docs/reference.md

bench: $(VENV)/tested-with
	$(BIN)/python tools/install_group.py bench
	$(BIN)/python -m benches
	$(BIN)/python -m benches.side_by_side --json bench-results/side-by-side.json --plots bench-results

clean:
	rm -rf $(VENV) target demo-crashes bench-results dist
	rm -f python/socorro_fast/_rust*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
