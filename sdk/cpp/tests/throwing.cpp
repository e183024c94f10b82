// throwing.cpp: the half of no_exceptions.cpp that is built with exceptions: it throws although the other half aborts.
#include <plasmite.hpp>

bool throws_beside(const char *directory);

bool throws_beside(const char *directory) {
    try {
        plasmite::client(directory).open_pool("missing");
    } catch (const plasmite::not_found_error &) {
        return true;
    }
    return false;
}
