# The Node SDK. NODE, NPM and NPX may name other programs; CXX the compiler of the addon.

NODE ?= node
NPM ?= npm
NODE_SDK := sdk/node
NODE_MODULES := $(NODE_SDK)/node_modules/.package-lock.json

.PHONY: node check-node test-node npm-pack bench-node

$(NODE_MODULES): $(NODE_SDK)/package-lock.json
	cd $(NODE_SDK) && $(NPM) ci --ignore-scripts --no-fund --no-audit --loglevel=error
	touch $@

node: all $(NODE_MODULES) ## build the Node SDK in place: addon, library and programs in sdk/node/native
	$(NODE) $(NODE_SDK)/scripts/build.js

check-node: node ## lint the Node SDK, and check its types
	cd $(NODE_SDK) && node_modules/.bin/biome ci --error-on-warnings . ../../conformance/runners/node
	cd $(NODE_SDK) && node_modules/.bin/tsc -p test/types

test-node: check-node ## test the Node SDK: behaviour, misuse, types, packages
	cd $(NODE_SDK) && $(NODE) --test --test-timeout=300000 test/*.test.js
	$(NODE_SDK)/test/package/run $(abspath $(OUT))
	$(NODE_SDK)/test/sanitized

npm-pack: node ## make the npm package, with prebuilt addon, library and programs: target/npm/*.tgz
	$(NODE) $(NODE_SDK)/scripts/pack.js $(abspath $(TARGET))/npm

bench: bench-node

bench-node: node ## measure the Node SDK beside the C calls, the JSON of Node, and what else one would use
	$(NODE_SDK)/bench/run
