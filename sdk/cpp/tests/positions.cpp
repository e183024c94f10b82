// positions.cpp: wherever a tail stands, a token and next_seq resume with what comes next; what callbacks throw.
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "check.hpp"
#include "server.hpp"

using namespace plasmite;
using namespace std::chrono_literals;

using said = std::vector<std::string>;

static std::string joined(const said &all, std::size_t from = 0) {
    std::string text;
    for (std::size_t i = from; i < all.size(); i++) text += (i == from ? "" : " ") + all[i];
    return text;
}

// Messages 1 to 20 without 5 and 6; a filter below fails at 12 and 13.
static pool holed(const client &client) {
    pool whole = client.create("damaged");
    for (int n = 1; n <= 20; n++) {
        append_options options;
        options.tags = n % 2 == 0 ? tag_list{"even"} : tag_list{"odd"};
        const std::string number = std::to_string(n + 100), value = n == 12 || n == 13 ? "\"bad\"" : number;
        whole.append("{\"n\":" + value + ",\"text\":\"message-" + number + "\",\"more\":\"" + std::string(n % 6 == 3 ? 20000 : 10, 'x') + "\"}", options);
    }
    const std::string path(whole.path());
    whole.close();
    std::string bytes;
    {
        std::ifstream file(path, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    for (const char *text : {"message-105", "message-106"}) bytes.replace(bytes.find(text), 11, 11, '#');
    std::ofstream(path, std::ios::binary) << bytes;
    client.salvage("damaged", "holed");
    return client.open_pool("holed");
}

// What is no message, as text; empty at the end.
static std::string other(const tail &tail, const result<outcome> &answer) {
    if (!answer) return "error " + std::to_string(answer.error().seq().value_or(0));
    if (*answer != outcome::gap) return "";
    return "gap " + std::to_string(tail.last_gap().first) + "-" + std::to_string(tail.last_gap().last);
}

// One call of a tail: seqs, or what it said instead.
using way = std::function<said(tail &)>;

static said one(const tail &tail, const result<step<view>> &next) {
    if (next && *next) return {std::to_string((*next)->seq())};
    const std::string text = other(tail, next ? result<outcome>(next->outcome()) : result<outcome>(next.error()));
    return text.empty() ? said() : said{text};
}

static way views(std::size_t room) {
    return [room](tail &tail) {
        view_batch batch(room);
        const result<outcome> answer = tail.try_next_views(batch);
        said seqs;
        for (const view &message : batch) seqs.push_back(std::to_string(message.seq()));
        if (const std::string text = other(tail, answer); !text.empty()) seqs.push_back(text);
        return seqs;
    };
}

static const std::map<std::string, way> ways{
    {"next", [](tail &tail) { return one(tail, tail.try_next()); }},
    {"next_json", [](tail &tail) {
         const auto next = tail.try_next_json();
         if (next && *next) return said{std::to_string(std::stoull(std::string((*next)->substr(7))))}; // {"seq":
         const std::string text = other(tail, next ? result<outcome>(next->outcome()) : result<outcome>(next.error()));
         return text.empty() ? said() : said{text};
     }},
    {"views", views(64)},
    {"three views", views(3)},
    // A loop that is left stands behind the message it was left at.
    {"loop", [](tail &tail) {
         try {
             for (const view &message : tail) return said{std::to_string(message.seq())};
         } catch (const exception &failure) {
             return said{"error " + std::to_string(failure.seq().value_or(0))};
         }
         return said();
     }},
    // A wait that looks ahead takes nothing.
    {"wait_any", [](tail &tail) {
         auto next = tail.try_next(no_wait);
         while (next && next->outcome() == outcome::timeout) {
             wait_any({&tail});
             next = tail.try_next(no_wait);
         }
         return one(tail, next);
     }},
};

static said rest(const pool &pool, const tail_options &options) {
    tail tail = pool.tail(options);
    said all;
    for (said part = ways.at("next")(tail); !part.empty(); part = ways.at("next")(tail)) all.push_back(part[0]);
    return all;
}

static tail_options at(tail_options options, const start &where) {
    options.start = where;
    return options;
}

// Taken after any messages. (Those taken after an error or a gap was told, and of tails that go backwards, are the
// library's own and tested there.)
static void positions(const std::string &place, const pool &pool) {
    const filter fails(R"(if .data.n == "bad" then "no answer" else true end)");
    std::map<std::string, tail_options> kinds;
    tail_options options;
    options.snapshot = true;
    kinds["all"] = options;
    kinds["tagged"] = options;
    kinds["tagged"].tags = {"even"};
    kinds["errors"] = options;
    kinds["errors"].filters = {fails};
    kinds["gaps and errors"] = kinds["errors"];
    kinds["gaps and errors"].gap = gap_policy::event;
    kinds["a gap ends it"] = options;
    kinds["a gap ends it"].gap = gap_policy::error;
    if (place == "here") {
        kinds["in place"] = kinds["gaps and errors"];
        kinds["in place"].in_place = true;
    }
    for (auto &[kind, each] : kinds) {
        each.start = start::seq(1);
        const said want = rest(pool, each);
        for (const auto &[name, read] : ways) {
            tail tail = pool.tail(each);
            said all;
            for (said part = read(tail); !part.empty(); part = read(tail)) {
                if (name == "loop" && part[0] == "7" && each.gap == gap_policy::event) all.push_back("gap 5-6"); // passed over
                all.insert(all.end(), part.begin(), part.end());
                if (!std::isdigit(static_cast<unsigned char>(all.back()[0]))) continue;
                const std::string next = joined(want, all.size()), where = place + ", " + kind + ", " + name + ": ";
                SAME(where + joined(rest(pool, at(each, start::token(tail.token())))), where + next);
                SAME(where + joined(rest(pool, at(each, start::seq(tail.stats().next_seq)))), where + next);
            }
            SAME(joined(all), joined(want));
        }
    }
}

// A log line comes out of the middle of the library's own work, which an exception must not cut off.
static void throwing_log(const client &client) {
    const pool pool = client.create("log");
    const pid_t writer = fork();
    if (writer == 0) {
        const auto room = pool.try_reserve(16);
        _exit(room ? 0 : 1); // with the lock
    }
    int status = 0;
    waitpid(writer, &status, 0);
    SAME(status, 0);
    const pid_t child = fork();
    if (child == 0) {
        std::set_terminate([] { _exit(42); });
        set_log([](log_level, std::string_view) { throw 1; });
        try {
            pool.append("1"); // takes the lock over, and says so
        } catch (...) {
        }
        _exit(1);
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    SAME(WEXITSTATUS(status), 42);
    pool.append("2");
}

int main() {
    const scratch scratch;
    const server server(scratch.path());
    const client here(server.pools), there(server.url);
    const pool pool = holed(here);
    positions("here", pool);
    positions("there", there.open_pool("holed"));
    throwing_log(here);
    return finish("positions");
}
