// host.cpp: everything that is not Plasmite: control, processes, files, and what version 0 has of its own.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "runner.hpp"

namespace runner {
namespace {

namespace fs = std::filesystem;

// Control

void set_round(const step &step, std::uint64_t n, json_t *item) {
    const json_t *as = step.member("as");
    if (as == nullptr) return;
    json_t *round = json_object();
    json_set(round, "n", json_uint(n));
    json_set(round, "item", item);
    capture(as->text, round);
}

failure repeat(const step &step, const std::string &path) {
    const json_t *items = step.input("for"), *until = step.input("until");
    const std::uint64_t rounds = items != nullptr ? items->count : step.number("count").value_or(0);
    std::uint64_t done = 0;
    bool ended = until == nullptr;
    for (; done < rounds; done++) {
        set_round(step, done, items != nullptr ? items->items[done] : json_str(nullptr));
        failure failed = run_steps(step.member("steps"), path);
        if (failed && until != nullptr && failed.kind == until->text) {
            ended = true;
            break;
        }
        if (failed) {
            failed.text += " [round " + std::to_string(done) + ": " + (items != nullptr ? shown(items->items[done]) : "") + "]";
            return failed;
        }
    }
    if (!ended) throw bad_step(std::string("no ") + until->text + " within " + std::to_string(done) + " rounds");
    set_round(step, done, json_str(nullptr));
    return {};
}

failure parallel(const step &step, const std::string &path) {
    const json_t *branches = step.member("branches");
    std::vector<failure> failures(branches->count);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < branches->count; i++)
        threads.emplace_back([&, i] { failures[i] = run_steps(branches->items[i], path + '.' + std::to_string(i)); });
    for (std::thread &thread : threads) thread.join();
    for (failure &failed : failures)
        if (failed) return failed;
    return {};
}

// The exit status as waitpid gives it.
int wait_for(pid_t child) {
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

failure in_fork(const step &step, const std::string &path) {
    const pid_t child = fork();
    if (child == 0) {
        const failure failed = run_steps(step.member("steps"), path);
        if (failed) std::fprintf(stderr, "in the forked child: %s\n", failed.text.c_str());
        _exit(failed ? 1 : 0);
    }
    if (child < 0 || wait_for(child) != 0) throw bad_step("the forked child failed");
    return {};
}

// Processes

// Starts a program; standard output and error go to files unless those are empty.
pid_t start(std::vector<std::string> command, const std::string &out, const std::string &err) {
    std::vector<char *> arguments;
    for (std::string &argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    const int in = open("/dev/null", O_RDWR);
    dup2(in, 0);
    dup2(out.empty() ? in : open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    if (!err.empty()) dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string content(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// At an offset, which counts from the end when it is negative; without one the whole content.
void write_file(const std::string &path, std::string_view bytes, std::optional<std::int64_t> offset = {}) {
    std::fstream file(path, offset ? std::ios::in | std::ios::out | std::ios::binary : std::ios::out | std::ios::trunc | std::ios::binary);
    if (offset) file.seekp(*offset, *offset < 0 ? std::ios::end : std::ios::beg);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw bad_step(path + ": cannot be written");
}

json_t *spawn(const step &step) {
    const std::string own = environment("PLASMITE_CONFORMANCE_HOST"), asked = step.text("host");
    const std::string host = asked == "self" ? own : asked == "peer" ? environment("PLASMITE_CONFORMANCE_PEER") : asked;
    const json_t *name = step.member("keep"), *program = json_get(read_json(environment("PLASMITE_CONFORMANCE_HOSTS")), host.c_str());
    if (program == nullptr || name == nullptr) throw bad_step("there is no host " + host + ", or no keep");
    const std::string title = std::string("spawn-") + name->text, stem = in_workdir(title);
    json_t *manifest = json_object();
    json_set(manifest, "conformance_version", json_uint(1));
    json_set(manifest, "name", text_json(title));
    json_set(manifest, "captures", captured());
    json_set(manifest, "steps", json_get(step.whole, "steps"));
    write_file(stem + ".json", json_text(manifest));
    std::vector<std::string> command;
    for (std::size_t i = 0; i < program->count; i++) command.emplace_back(program->items[i]->text);
    for (const std::string &more : {stem + ".json", std::string("--workdir"), workdir}) command.push_back(more);
    // Only one branch may spawn at a time, since the environment is the process's.
    setenv("PLASMITE_CONFORMANCE_HOST", host.c_str(), 1);
    handle made;
    made.process = start(command, stem + ".out", stem + ".err");
    setenv("PLASMITE_CONFORMANCE_HOST", own.c_str(), 1);
    keep(step, std::move(made));
    return json_object();
}

const std::map<std::string, int> signals = {{"KILL", SIGKILL}, {"TERM", SIGTERM}, {"INT", SIGINT},   {"STOP", SIGSTOP}, {"CONT", SIGCONT},
                                            {"SEGV", SIGSEGV}, {"ABRT", SIGABRT}, {"BUS", SIGBUS}, {"PIPE", SIGPIPE}};

json_t *join(const step &step) {
    handle &process = on(step);
    if (process.process == 0) throw bad_step("that is no process");
    if (!process.closed) process.status = wait_for(process.process);
    process.closed = true;
    const std::string stem = in_workdir(std::string("spawn-") + step.member("on")->text), said = content(stem + ".out");
    const bool signaled = WIFSIGNALED(process.status);
    json_t *result = json_object(), *told = json_get(json_parse(said.data(), said.size()), "captures");
    json_set(result, "exit", signaled ? json_str(nullptr) : json_uint(static_cast<std::uint64_t>(WEXITSTATUS(process.status))));
    json_set(result, "signal", json_str(nullptr));
    for (const auto &[name, number] : signals)
        if (signaled && number == WTERMSIG(process.status)) json_set(result, "signal", text_json(name));
    json_set(result, "captures", told != nullptr ? told : json_object());
    json_set(result, "stderr", text_json(content(stem + ".err")));
    return result;
}

json_t *send_signal(const step &step) {
    const auto known = signals.find(step.text("signal"));
    if (known == signals.end() || kill(on(step).process, known->second) != 0) throw bad_step(step.text("signal") + " could not be sent");
    return json_object();
}

// Starts or stops the server, as server.py does it.
json_t *order_server(const step &step) {
    const std::string program = environment("PLASMITE_CONFORMANCE_SERVER"), said = in_workdir("server-said");
    if (program.empty()) throw bad_step("this run has no server");
    if (wait_for(start({program, step.member("op")->text, step.given != nullptr ? json_text(step.given) : "{}"}, "", said)) != 0) throw bad_step(content(said));
    return json_object();
}

json_t *await(const step &step) {
    const std::string path = in_workdir(step.text("path"));
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!fs::exists(path)) {
        if (std::chrono::steady_clock::now() > patience) throw bad_step(path + " has not come in 30 s");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return json_object();
}

json_t *sleep_ms(const step &step) {
    step.need("ms");
    std::this_thread::sleep_for(std::chrono::milliseconds(*step.number("ms")));
    return json_object();
}

// Files

fs::perms mode_of(const step &step) { return static_cast<fs::perms>(std::stoul(step.text("mode"), nullptr, 8)); }

json_t *file(const step &step) {
    const std::string what = step.text("do"), path = in_workdir(step.text("path"));
    // A negative offset comes as the two's complement.
    const auto given = step.number("offset");
    const std::optional<std::int64_t> offset = given ? std::optional(static_cast<std::int64_t>(*given)) : std::nullopt;
    if (what == "write") {
        const json_t *words = step.input("text");
        write_file(path, words != nullptr ? std::string(words->text, words->len) : unhex(step.need("hex")), offset);
    } else if (what == "flip") {
        std::ifstream source(path, std::ios::binary);
        source.seekg(offset.value_or(0), offset.value_or(0) < 0 ? std::ios::end : std::ios::beg);
        const int byte = source.get();
        if (byte < 0) throw bad_step(path + ": no such byte");
        write_file(path, std::string(1, static_cast<char>(~byte)), offset.value_or(0));
    } else if (what == "copy") {
        const std::string from = step.text("from");
        const std::string source = from.rfind("fixtures/", 0) == 0 ? environment("PLASMITE_CONFORMANCE_DIR") + '/' + from : in_workdir(from);
        fs::copy_file(source, path, fs::copy_options::overwrite_existing);
    } else if (what == "rename") {
        fs::rename(path, in_workdir(step.text("to")));
    } else if (what == "remove") {
        fs::remove(path);
    } else if (what == "truncate") {
        step.need("size");
        fs::resize_file(path, *step.number("size"));
    } else if (what == "chmod") {
        fs::permissions(path, mode_of(step));
    } else if (what == "mkdir") {
        fs::create_directories(path);
    } else {
        throw bad_step("unknown file operation " + what);
    }
    return json_object();
}

// Version 0

json_t *corrupt_pool_header(const step &step) {
    write_file(in_workdir(step.pool_ref() + ".plasmite"), "NOPE");
    return json_object();
}

json_t *chmod_path(const step &step) {
    fs::permissions(in_workdir(step.text("path")), mode_of(step));
    return json_object();
}

json_t *spawn_poke(const step &step) {
    const json_t *messages = step.need("messages");
    std::vector<std::vector<std::string>> commands;
    for (std::size_t i = 0; i < messages->count; i++) {
        const json_t *data = json_get(messages->items[i], "data"), *tags = json_get(messages->items[i], "tags");
        if (data == nullptr) throw bad_step("a message has no data");
        commands.push_back({environment("PLASMITE_BIN"), "--dir", workdir, "feed", step.pool_ref(), json_text(data)});
        for (std::size_t j = 0; tags != nullptr && j < tags->count; j++) commands.back().push_back(std::string("--tag=") + tags->items[j]->text);
    }
    std::vector<pid_t> children;
    for (const auto &command : commands) children.push_back(start(command, "", ""));
    bool all = true;
    for (const pid_t child : children) all &= wait_for(child) == 0;
    if (!all) throw bad_step("a writer failed");
    return json_object();
}

json_t *retention_gap(const step &step) {
    const json_t *scenario = read_json(environment("PLASMITE_CONFORMANCE_DIR") + "/v0-retention-gap.json");
    json_t *in = json_object();
    json_set(in, "base", text_json(step.pool_ref()));
    json_set(in, "size", json_uint(step.number("size_bytes").value_or(65536)));
    capture("in", in);
    version = 1;
    const failure failed = run_steps(json_get(scenario, "steps"), "");
    version = 0;
    close_handles();
    if (failed) throw bad_step(failed.text);
    return json_object();
}

} // namespace

std::optional<failure> control(const step &step, const std::string &op, const std::string &path) {
    if (version != 1) return {};
    if (op == "repeat") return repeat(step, path);
    if (op == "parallel") return parallel(step, path);
    if (op == "fork") return in_fork(step, path);
    return {};
}

operation plain_op(const std::string &name) {
    static const std::map<std::string, operation> all[] = {
        {{"corrupt_pool_header", corrupt_pool_header}, {"chmod_path", chmod_path}, {"spawn_poke", spawn_poke}, {"retention_gap", retention_gap}},
        {{"spawn", spawn}, {"join", join}, {"kill", send_signal}, {"await", await}, {"sleep", sleep_ms}, {"file", file},
         {"start_server", order_server}, {"stop_server", order_server}}};
    const auto found = all[version].find(name);
    return found != all[version].end() ? found->second : nullptr;
}

} // namespace runner
