// runner.hpp: what the parts of the runner share. JSON, references and patterns are those of the runner in C.
#ifndef CONFORMANCE_RUNNER_HPP
#define CONFORMANCE_RUNNER_HPP

#include <optional>
#include <stdexcept>
#include <string>
#include <sys/types.h>

#include <plasmite.hpp>

extern "C" {
#include "../c/json.h"
#include "../c/values.h"
}

namespace runner {

// A step that is wrong, or an expectation that does not hold.
struct bad_step : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What a name stands for. Closing leaves it here, closed.
struct handle {
    std::optional<plasmite::pool> pool{};
    std::optional<plasmite::tail> tail{};
    bool lite3 = false, backwards = false; // how the tail delivers
    pid_t process = 0;
    int status = 0; // of a process that has ended
    bool closed = false;
};

// Why steps ended early. `kind` is that of an error of the library that nobody expected.
struct failure {
    std::string text{}, kind{};
    explicit operator bool() const { return !text.empty(); }
};

// A step while it runs, its references replaced. `given` is its input.
struct step {
    const json_t *whole, *given;

    const json_t *member(const char *name) const { return json_get(whole, name); }
    const json_t *input(const char *name) const { return json_get(given, name); }
    const json_t *need(const char *name) const;                        // of the input
    std::string text(const char *name) const;                          // of the input
    std::optional<std::uint64_t> number(const char *name) const;       // of the input
    std::string pool_ref() const;
};

extern std::optional<plasmite::client> client;
extern std::string workdir, home; // home: the client's, a directory or the server's address
extern int version;

std::string shown(const json_t *value);
std::string in_workdir(const std::string &name);
std::string unhex(const json_t *hex);
json_t *text_json(std::string_view text);
json_t *read_json(const std::string &path); // throws bad_step

handle &on(const step &step);
void keep(const step &step, handle made);
bool close_handles(); // false when a process was not joined
json_t *captured();
void capture(const char *name, json_t *value);
failure run_steps(const json_t *steps, const std::string &path);

using operation = json_t *(*)(const step &);
operation pool_op(const std::string &name);  // ops.cpp
operation plain_op(const std::string &name); // host.cpp: files, processes, version 0
// host.cpp: steps with steps inside; nothing for every other.
std::optional<failure> control(const step &step, const std::string &op, const std::string &path);

} // namespace runner

#endif
