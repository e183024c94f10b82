# The C++ headers: installed with the library, tested, documented.

CPP_HEADERS := include/plasmite.hpp $(wildcard include/plasmite/*.hpp)
CPP_PREFIX = $(DESTDIR)$(PREFIX)
DOXYGEN ?= doxygen

.PHONY: install-cpp uninstall-cpp test-cpp docs-cpp docs

install-lib: install-cpp
uninstall: uninstall-cpp
docs: docs-cpp ## write the API documentation

install-cpp: ## install plasmite.hpp and the CMake package
	$(INSTALL) -d "$(CPP_PREFIX)/include/plasmite" "$(CPP_PREFIX)/lib/cmake/plasmite"
	$(INSTALL) -m 644 include/plasmite.hpp "$(CPP_PREFIX)/include/"
	$(INSTALL) -m 644 include/plasmite/*.hpp "$(CPP_PREFIX)/include/plasmite/"
	for file in plasmiteConfig plasmiteConfigVersion; do \
	    sed -e 's/@VERSION@/$(VERSION)/g' -e 's/@MAJOR@/$(MAJOR)/g' sdk/cpp/cmake/$$file.cmake.in \
	        > "$(CPP_PREFIX)/lib/cmake/plasmite/$$file.cmake" && chmod 644 "$(CPP_PREFIX)/lib/cmake/plasmite/$$file.cmake" || exit 1; \
	done

uninstall-cpp: ## remove what install-cpp put there
	rm -f "$(CPP_PREFIX)/include/plasmite.hpp" $(foreach header,$(CPP_HEADERS),"$(CPP_PREFIX)/$(header)")
	rm -f "$(CPP_PREFIX)/lib/cmake/plasmite/plasmiteConfig.cmake" "$(CPP_PREFIX)/lib/cmake/plasmite/plasmiteConfigVersion.cmake"
	rmdir "$(CPP_PREFIX)/include/plasmite" "$(CPP_PREFIX)/lib/cmake/plasmite" 2>/dev/null || true

test-cpp: lib cli ## test the C++ headers against the built library
	sdk/cpp/tests/run $(OUT)

docs-cpp: ## write the pages of the C and C++ headers
	@if command -v $(DOXYGEN) >/dev/null; then sdk/cpp/docs $(TARGET)/docs; \
	else echo "docs: skipped the C and C++ pages: doxygen is not installed (apt-get install doxygen)"; fi
