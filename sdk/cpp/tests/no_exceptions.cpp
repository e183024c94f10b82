// no_exceptions.cpp: the try_ calls alone, built with -fno-exceptions and -fno-rtti; linked with throwing.cpp, which is not.
#include <csignal>
#include <sys/wait.h>

#include "check.hpp"

#if PLASMITE_EXCEPTIONS
#error "to be built with -fno-exceptions"
#endif

// In throwing.cpp, where exceptions are on.
bool throws_beside(const char *directory);

// What the calls without try_ do here: the process is aborted, and says why.
static bool aborts(const char *directory) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
        plasmite::client::try_open(directory)->open_pool("missing");
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int main() {
    const scratch scratch;
    auto client = plasmite::client::try_open(scratch.path());
    GOOD(client);
    FAILS(not_found, client->try_open_pool("missing"));
    auto pool = client->try_create("events");
    GOOD(pool);
    auto receipt = pool->try_append(R"({"n":5})");
    GOOD(receipt);
    SAME(receipt->seq, 1u);
    SAME(pool->try_append("{").error().offset().has_value(), true);
    auto tail = pool->try_tail();
    GOOD(tail);
    auto next = tail->try_next(plasmite::no_wait);
    GOOD(next);
    SAME((**next).try_i64("n")->value_or(0), 5);
    CHECK(tail->try_next(plasmite::no_wait)->outcome() == plasmite::outcome::timeout);
    SAME(plasmite::try_parse_time("never").has_value(), false);
    SAME(std::move(pool->try_get_json(9)).value_or(plasmite::buffer()).size(), 0u);
    GOOD(client->try_delete_pool("events"));
    FAILS(not_found, client->try_delete_pool("events"));
    CHECK(aborts(scratch.path().c_str()));
    CHECK(throws_beside(scratch.path().c_str()));
    return finish("no_exceptions");
}
