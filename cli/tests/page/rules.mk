# The tests of the server's page in a browser. NODE and NPM may name other programs.

NODE ?= node
NPM ?= npm
PAGE_TESTS := cli/tests/page
PAGE_MODULES := $(TARGET)/page

.PHONY: test-page page-screenshots

# playwright-core, below the target directory; it drives the chromium that is installed.
$(PAGE_MODULES)/node_modules/.package-lock.json: $(PAGE_TESTS)/package-lock.json
	mkdir -p $(PAGE_MODULES)
	cp $(PAGE_TESTS)/package.json $(PAGE_TESTS)/package-lock.json $(PAGE_MODULES)/
	cd $(PAGE_MODULES) && $(NPM) ci --ignore-scripts --no-fund --no-audit --loglevel=error
	touch $@

test-page: all $(PAGE_MODULES)/node_modules/.package-lock.json ## click through the server's page in a browser (needs chromium)
	NODE=$(NODE) $(PAGE_TESTS)/run $(OUT) $(PAGE_MODULES)

page-screenshots: all $(PAGE_MODULES)/node_modules/.package-lock.json ## take the pictures of the page in docs again
	NODE=$(NODE) $(PAGE_TESTS)/run $(OUT) $(PAGE_MODULES) $(PAGE_TESTS)/screenshots.mjs
