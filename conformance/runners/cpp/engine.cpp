// engine.cpp: runs a manifest: RUNNER MANIFEST [--workdir DIR]. See ../../format.md.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>

#include "runner.hpp"

namespace runner {

std::optional<plasmite::client> client;
std::string workdir, home;
int version = 0;

namespace {
std::mutex lock;
json_t *captures = nullptr;
std::map<std::string, std::unique_ptr<handle>> handles;
} // namespace

const json_t *step::need(const char *name) const {
    const json_t *value = input(name);
    if (value == nullptr) throw bad_step(std::string("the input has no ") + name);
    return value;
}

std::string step::text(const char *name) const {
    const json_t *value = need(name);
    if (value->type != '"') throw bad_step(std::string(name) + " is no text: " + shown(value));
    return {value->text, value->len};
}

std::optional<std::uint64_t> step::number(const char *name) const {
    std::uint64_t value = 0;
    if (input(name) == nullptr) return {};
    if (!integer(input(name), &value)) throw bad_step(std::string(name) + " is no integer");
    return value;
}

std::string step::pool_ref() const {
    const json_t *pool = member("pool");
    if (pool == nullptr || pool->type != '"') throw bad_step("the step has no pool");
    return {pool->text, pool->len};
}

std::string shown(const json_t *value) { return json_shown(value); }
std::string in_workdir(const std::string &name) { return workdir + '/' + name; }
json_t *text_json(std::string_view text) { return json_string(text.data(), text.size()); }

std::string unhex(const json_t *hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex->len; i += 2) {
        const std::string pair(hex->text + i, 2);
        if (pair.find_first_not_of("0123456789abcdef") != std::string::npos) throw bad_step("bad hex");
        bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
    }
    return bytes;
}

json_t *read_json(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    const std::string text = content.str();
    json_t *value = file ? json_parse(text.data(), text.size()) : nullptr;
    if (value == nullptr) throw bad_step(path + ": not to be read, or not JSON");
    return value;
}

// Names

handle &on(const step &step) {
    const json_t *name = step.member("on");
    const std::lock_guard<std::mutex> held(lock);
    const auto found = name != nullptr ? handles.find(name->text) : handles.end();
    if (found == handles.end()) throw bad_step("there is no handle " + shown(name));
    return *found->second;
}

void keep(const step &step, handle made) {
    const json_t *name = step.member("keep");
    if (name == nullptr) throw bad_step("the step keeps nothing");
    const std::lock_guard<std::mutex> held(lock);
    auto &place = handles[name->text];
    if (place && !place->closed) throw bad_step(std::string("there is a handle ") + name->text + " already");
    if (place) *place = std::move(made);
    else place = std::make_unique<handle>(std::move(made));
}

bool close_handles() {
    bool joined = true;
    for (const auto &[name, handle] : handles) {
        if (handle->process == 0 || handle->closed) continue;
        joined = false;
        kill(handle->process, SIGKILL);
    }
    handles.clear();
    return joined;
}

json_t *captured() {
    const std::lock_guard<std::mutex> held(lock);
    json_t *copy = json_object();
    for (std::size_t i = 0; i < captures->count; i++) json_put(copy, captures->keys[i], captures->items[i]);
    return copy;
}

void capture(const char *name, json_t *value) {
    const std::lock_guard<std::mutex> held(lock);
    json_set(captures, name, value);
}

// Steps

namespace {

json_t *outer_replaced(const json_t *whole) {
    const json_t *names = captured();
    json_t *ready = json_object();
    for (std::size_t i = 0; i < whole->count; i++) {
        const json_t *key = whole->keys[i];
        json_t *value = whole->items[i];
        char *wrong = nullptr;
        if (version == 1 && !json_is(key, "steps") && !json_is(key, "branches")) value = replaced(value, names, &wrong);
        if (value == nullptr || wrong != nullptr) throw bad_step(wrong != nullptr ? wrong : "a bad reference");
        json_set(ready, key->text, value);
    }
    return ready;
}

json_t *error_json(const plasmite::error &error) {
    json_t *told = json_object();
    json_set(told, "kind", text_json(name(error.kind())));
    json_set(told, "message", text_json(error.message()));
    json_set(told, "path", error.path() ? text_json(*error.path()) : json_str(nullptr));
    json_set(told, "seq", error.seq() ? json_uint(*error.seq()) : json_str(nullptr));
    json_set(told, "offset", error.offset() ? json_uint(*error.offset()) : json_str(nullptr));
    return told;
}

// What version 0 writes otherwise: names in any order, messages_unordered, created that nobody checks.
json_t *expectation_v0(const json_t *expect, bool &matchers) {
    json_t *ready = json_object();
    for (std::size_t i = 0; i < expect->count; i++) {
        json_t *value = expect->items[i];
        const std::string key = expect->keys[i]->text;
        if (key == "names")
            std::sort(value->items, value->items + value->count, [](const json_t *a, const json_t *b) { return std::strcmp(a->text, b->text) < 0; });
        if (key == "messages_unordered") {
            json_t *unordered = json_object();
            json_set(unordered, "$unordered", value);
            json_set(ready, "messages", unordered);
            matchers = true;
        } else if (key != "created") {
            json_set(ready, key.c_str(), value);
        }
    }
    return ready;
}

// Throws when the outcome is not what was expected; false when nothing was expected and there was an error.
bool judge(const step &step, const std::string &op, const json_t *result, const json_t *error) {
    const json_t *expect = step.member("expect");
    bool matchers = version == 1;
    if (expect == nullptr && op == "join") expect = json_parse("{\"exit\":0}", 10);
    if (expect == nullptr) return error == nullptr;
    if (version == 0) expect = expectation_v0(expect, matchers);
    if (const char *wrong = outcome_mismatch(expect, result, error, matchers))
        throw bad_step(op == "join" ? wrong + std::string("; it says: ") + shown(json_get(result, "stderr")) : wrong);
    return true;
}

failure run_step(const json_t *written, const std::string &path) {
    const json_t *id = json_get(written, "id");
    const std::string where = "step " + path + (id != nullptr ? std::string(" (") + id->text + ")" : "") + ": ";
    try {
        step step{outer_replaced(written), nullptr};
        step.given = step.member("input");
        const json_t *op = step.member("op"), *as = step.member("as");
        if (op == nullptr || op->type != '"') throw bad_step("the step has no op");
        if (const auto inner = control(step, op->text, path)) return *inner;
        operation call = pool_op(op->text);
        if (call == nullptr) call = plain_op(op->text);
        if (call == nullptr) throw bad_step(std::string("unknown op ") + op->text);
        json_t *result = nullptr, *error = nullptr;
        try {
            result = call(step);
        } catch (const plasmite::exception &told) {
            error = error_json(told.info());
        }
        if (!judge(step, op->text, result, error)) return {where + shown(error), json_get(error, "kind")->text};
        if (as != nullptr) capture(as->text, error != nullptr ? error : result);
        return {};
    } catch (const bad_step &wrong) {
        return {where + wrong.what(), ""};
    } catch (const std::filesystem::filesystem_error &wrong) {
        return {where + wrong.what(), ""};
    }
}

// The emptied working directory of a manifest of version 0.
std::string prepare_v0(const std::string &path, const json_t *manifest) {
    namespace fs = std::filesystem;
    const json_t *name = json_get(manifest, "workdir");
    const std::string given = name == nullptr ? "work" : name->type == '"' ? std::string(name->text, name->len) : "";
    if (!std::regex_match(given, std::regex("work(-[A-Za-z0-9_-]+)?"))) throw bad_step("a bad workdir: " + shown(name));
    const fs::path work = fs::absolute(path).parent_path() / given;
    if (fs::is_symlink(work)) throw bad_step("the workdir " + given + " is a symbolic link");
    fs::remove_all(work);
    fs::create_directory(work);
    return work.string();
}

// Runs the whole manifest; tells what went wrong.
std::string run_manifest(const std::vector<std::string> &arguments, const json_t *&manifest, std::size_t &done) {
    try {
        std::uint64_t number = 2;
        if (arguments.empty()) throw bad_step("which manifest?");
        manifest = read_json(arguments[0]);
        const json_t *of = json_get(manifest, "conformance_version");
        if (!integer(of, &number) || number > 1) throw bad_step("unknown conformance_version " + shown(of));
        version = static_cast<int>(number);
        if (version == 1 && !(arguments.size() == 3 && arguments[1] == "--workdir")) throw bad_step("version 1 needs --workdir");
        workdir = version == 0 ? prepare_v0(arguments[0], manifest) : arguments[2];
        const char *server = std::getenv("PLASMITE_CONFORMANCE_HOME");
        home = server != nullptr ? server : workdir;
        client.emplace(home);
        if (json_t *known = json_get(manifest, "captures")) captures = known;
        const json_t *steps = json_get(manifest, "steps");
        for (; steps != nullptr && done < steps->count; done++)
            if (const failure failed = run_step(steps->items[done], std::to_string(done))) return close_handles(), failed.text;
        return close_handles() ? "" : "a spawned process was not joined";
    } catch (const std::exception &wrong) {
        return wrong.what();
    }
}

} // namespace

failure run_steps(const json_t *steps, const std::string &path) {
    for (std::size_t i = 0; steps != nullptr && i < steps->count; i++)
        if (failure failed = run_step(steps->items[i], path + (path.empty() ? "" : ".") + std::to_string(i))) return failed;
    return {};
}

static int run(const std::vector<std::string> &arguments) {
    const auto start = std::chrono::steady_clock::now();
    captures = json_object();
    const json_t *manifest = nullptr;
    std::size_t done = 0;
    const std::string wrong = run_manifest(arguments, manifest, done);
    client.reset();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    json_t *line = json_object(), *name = json_get(manifest, "name");
    json_set(line, "manifest", name != nullptr ? name : json_str(nullptr));
    json_set(line, "host", json_str(std::getenv("PLASMITE_CONFORMANCE_HOST")));
    json_set(line, "outcome", json_str(wrong.empty() ? "pass" : "fail"));
    json_set(line, "steps", json_uint(done));
    json_set(line, "ms", json_uint(static_cast<std::uint64_t>(took.count())));
    json_set(line, wrong.empty() ? "captures" : "error", wrong.empty() ? captures : text_json(wrong));
    if (!wrong.empty()) std::cerr << wrong << '\n';
    std::cout << json_text(line) << '\n';
    return wrong.empty() ? 0 : 1;
}

} // namespace runner

int main(int argc, char **argv) { return runner::run({argv + 1, argv + argc}); }
