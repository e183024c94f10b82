# Python: the package `plasmite`. Everything that is made lies in $(TARGET)/python.

PYTHON ?= python3
PYTHON_DIR := sdk/python
PYTHON_OUT := $(abspath $(TARGET))/python
PYTHON_VENV := $(PYTHON_OUT)/venv
PYTHON_SOURCES := $(wildcard $(addprefix $(PYTHON_DIR)/,pyproject.toml setup.py README.md build_support/* src/plasmite/*))

.PHONY: wheel python-package test-python test-python-asan check-python bench-python

wheel: lib cli $(PYTHON_VENV)/tools.stamp ## build a wheel that carries the library and the programs, in target/python/dist
	@rm -rf $(PYTHON_OUT)/dist
	$(PYTHON_VENV)/bin/pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps \
	    --wheel-dir $(PYTHON_OUT)/dist ./$(PYTHON_DIR)
	$(PYTHON_VENV)/bin/python $(PYTHON_DIR)/build_support/platform_tag.py $(PYTHON_OUT)/dist/*.whl

# The virtual environment, with the tools of the suite.
$(PYTHON_VENV)/tools.stamp: $(PYTHON_DIR)/tests/requirements.txt
	$(PYTHON) -m venv $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The package in it, linked to the library that was built.
$(PYTHON_VENV)/package.stamp: $(PYTHON_VENV)/tools.stamp $(PYTHON_SOURCES) include/plasmite.h | lib cli
	$(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps \
	    --force-reinstall ./$(PYTHON_DIR)
	touch $@

# For the conformance suite, which has the library built already.
python-package: $(PYTHON_VENV)/package.stamp ## build the Python package into target/python/venv

test-python: lib cli $(PYTHON_VENV)/package.stamp wheel ## test the Python SDK, and its wheel in clean environments
	cd $(PYTHON_DIR) && PYTHON_OUT=$(PYTHON_OUT) $(PYTHON_VENV)/bin/python -m pytest

check: check-python

check-python: $(PYTHON_VENV)/package.stamp ## lints and types of the Python SDK
	cd $(PYTHON_DIR) && $(PYTHON_VENV)/bin/ruff check . && $(PYTHON_VENV)/bin/ruff format --check .
	$(PYTHON_VENV)/bin/ruff check --config $(PYTHON_DIR)/pyproject.toml --select E,F,W,UP --ignore E402 \
	    bench/python conformance/runners/python
	cd $(PYTHON_DIR) && $(PYTHON_VENV)/bin/mypy --cache-dir $(PYTHON_OUT)/mypy
	cd $(PYTHON_DIR) && PYRIGHT_PYTHON_CACHE_DIR=$(PYTHON_OUT)/pyright $(PYTHON_VENV)/bin/pyright

# The extension module instrumented, in a directory of its own; the library as it is.
PYTHON_ASAN := $(PYTHON_OUT)/asan
PYTHON_ASAN_TESTS := $(patsubst %,tests/test_%.py,pools append reading filters errors misuse asyncio threads interrupts)

test-python-asan: lib cli $(PYTHON_VENV)/package.stamp ## test the Python SDK under AddressSanitizer
	rm -rf $(PYTHON_ASAN)
	PLASMITE_BUILD_BASE=$(PYTHON_ASAN)/base PLASMITE_SHIM_CFLAGS="-fsanitize=address -fno-omit-frame-pointer -g" \
	    PLASMITE_SHIM_LDFLAGS="-fsanitize=address" $(PYTHON_VENV)/bin/pip install --quiet --disable-pip-version-check \
	    --no-build-isolation --no-deps --target $(PYTHON_ASAN)/packages ./$(PYTHON_DIR)
	nm -D $(PYTHON_ASAN)/packages/plasmite/_binding.abi3.so | grep -q __asan_report
	cd $(PYTHON_DIR) && PYTHONPATH=$(PYTHON_ASAN)/packages PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 \
	    LD_PRELOAD=$$($(CC) -print-file-name=libasan.so) \
	    $(PYTHON_VENV)/bin/python -m pytest $(PYTHON_ASAN_TESTS)

bench-python: wheel ## measure the Python SDK beside C and what else one would use
	bench/python/run
