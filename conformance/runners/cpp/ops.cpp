// ops.cpp: the operations on pools, each as the calls of plasmite.hpp that do it.
#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "runner.hpp"

namespace runner {
namespace {

using namespace plasmite;

// The pool of a step: an open one, or one opened for it.
class pool_of {
public:
    explicit pool_of(const step &step) {
        if (step.member("on") == nullptr) opened_ = client->open_pool(step.pool_ref());
        pool_ = opened_ ? &*opened_ : on(step).pool ? &*on(step).pool : nullptr;
        if (pool_ == nullptr) throw bad_step("that is no pool");
    }
    const plasmite::pool *operator->() const { return pool_; }
    const plasmite::pool &operator*() const { return *pool_; }

private:
    std::optional<plasmite::pool> opened_{};
    const plasmite::pool *pool_;
};

json_t *object(std::initializer_list<std::pair<const char *, json_t *>> members) {
    json_t *made = json_object();
    for (const auto &[key, value] : members) json_set(made, key, value);
    return made;
}

json_t *time_json(std::uint64_t ns) { return text_json(try_format_time(ns).value()); }

json_t *message_json(std::string_view raw) {
    static constexpr std::string_view mark = "]},\"data\":";
    const std::size_t found = raw.find(mark);
    if (found == std::string_view::npos) throw bad_step("not a message: " + std::string(raw));
    const std::size_t data = found + mark.size();
    json_t *parsed = json_valid(raw.data(), raw.size());
    return object({{"seq", json_get(parsed, "seq")},
                   {"time", json_get(parsed, "time")},
                   {"tags", json_get(json_get(parsed, "meta"), "tags")},
                   {"data", json_get(parsed, "data")},
                   {"raw", text_json(raw)},
                   {"data_text", text_json(raw.substr(data, raw.size() - 1 - data))}});
}

json_t *frame_json(std::uint64_t seq, std::uint64_t ns, const buffer &document) {
    return object({{"seq", json_uint(seq)}, {"time", time_json(ns)}, {"hex", json_hex(document.data(), document.size())}});
}

json_t *bounds_json(const bounds &held) {
    return object({{"oldest", held.count != 0 ? json_uint(held.oldest) : json_str(nullptr)},
                   {"newest", held.count != 0 ? json_uint(held.newest) : json_str(nullptr)}});
}

// Pools

void keep_or_close(const step &step, pool made) {
    if (step.member("keep") == nullptr) return;
    handle kept;
    kept.pool = std::move(made);
    keep(step, std::move(kept));
}

pool_options pool_options_of(const step &step) {
    pool_options options;
    options.size_bytes = step.number("size_bytes").value_or(0);
    if (const auto capacity = step.number("index_capacity")) options.index_capacity = static_cast<std::uint32_t>(*capacity);
    return options;
}

// The client from here on.
json_t *connect(const step &step) {
    plasmite::client made(step.input("home") != nullptr ? step.text("home") : home);
    client.emplace(std::move(made));
    return json_object();
}

json_t *create_pool(const step &step) {
    keep_or_close(step, client->create(step.pool_ref(), pool_options_of(step)));
    return json_object();
}

json_t *ensure_pool(const step &step) {
    ensured there = client->try_ensure(step.pool_ref(), pool_options_of(step)).value();
    keep_or_close(step, std::move(there.pool));
    return object({{"created", json_bool(there.created)}});
}

json_t *open_pool(const step &step) {
    open_options options;
    options.read_only = json_true(step.input("read_only"));
    pool opened = client->open_pool(step.pool_ref(), options);
    json_t *result = object({{"read_only", json_bool(opened.is_read_only())}});
    keep_or_close(step, std::move(opened));
    return result;
}

json_t *info(const step &step) {
    const pool_of pool(step);
    const pool_info told = pool->info();
    return object({{"name", text_json(pool->name())},
                   {"file_size", json_uint(told.file_size)},
                   {"ring_size", json_uint(told.ring_size)},
                   {"index_capacity", json_uint(told.index_capacity)},
                   {"bounds", bounds_json({told.bounds.oldest, told.bounds.newest, told.bounds.count})},
                   {"count", json_uint(told.bounds.count)}});
}

json_t *list_pools(const step &) {
    json_t *names = json_array(), *broken = json_array();
    const pool_list listed = client->list();
    for (const list_entry &entry : listed) {
        json_push(names, text_json(entry.name));
        if (entry.error) json_push(broken, object({{"name", text_json(entry.name)}, {"kind", text_json(name(entry.error->kind()))}}));
    }
    return object({{"names", names}, {"broken", broken}});
}

json_t *delete_pool(const step &step) {
    client->delete_pool(step.pool_ref());
    return json_object();
}

json_t *report_json(const doctor_report &report) {
    static constexpr const char *statuses[] = {"ok", "corrupt", "unreadable"};
    std::set<std::string_view> codes;
    for (const doctor_issue &issue : report.issues) codes.insert(issue.code);
    json_t *sorted = json_array();
    for (const std::string_view code : codes) json_push(sorted, text_json(code));
    const std::string_view file = report.path.substr(report.path.rfind('/') + 1);
    return object({{"name", text_json(file.substr(0, file.find(".plasmite")))},
                   {"status", json_str(statuses[static_cast<int>(report.status)])},
                   {"last_good_seq", report.last_good_seq ? json_uint(*report.last_good_seq) : json_str(nullptr)},
                   {"issue_count", json_uint(report.issue_count)},
                   {"codes", sorted}});
}

json_t *check_pools(const step &step) { // the library goes through a directory by name
    doctor examined = step.member("pool") != nullptr ? client->doctor(step.pool_ref()) : client->doctor_all();
    examined.run();
    json_t *reports = json_array();
    for (std::size_t i = 0; i < examined.size(); i++) json_push(reports, report_json(examined.report(i)));
    return object({{"reports", reports}});
}

json_t *migrate_pool(const step &step) {
    const std::optional<std::string> to = step.input("to") != nullptr ? std::optional(step.text("to")) : std::nullopt;
    const migrated made = client->migrate(step.pool_ref(), to);
    return object({{"bounds", bounds_json(made.bounds)}, {"count", json_uint(made.bounds.count)}});
}

// Writing

tag_list tags_of(const json_t *tags) {
    tag_list list;
    for (std::size_t i = 0; tags != nullptr && i < tags->count; i++) list.push_back({tags->items[i]->text, tags->items[i]->len});
    return list;
}

durability durability_of(const step &step) {
    const json_t *asked = step.input("durability");
    if (asked == nullptr || json_is(asked, "fast")) return durability::fast;
    if (json_is(asked, "flush")) return durability::flush;
    throw bad_step("unknown durability " + shown(asked));
}

// The bytes to append: of `data` or `hex`, of an append or of a batch's item.
std::string payload(const json_t *from) {
    const json_t *data = json_get(from, "data"), *hex = json_get(from, "hex");
    if ((data == nullptr) == (hex == nullptr)) throw bad_step("data or hex, one of them");
    if (hex != nullptr) return unhex(hex);
    const json_t *exact = data->count == 1 && version == 1 ? json_get(data, "$json") : nullptr;
    return exact != nullptr ? std::string(exact->text, exact->len) : std::string(json_text(data));
}

json_t *append(const step &step) {
    const pool_of pool(step);
    append_options options;
    options.tags = tags_of(step.input("tags"));
    options.durability = durability_of(step);
    if (step.input("time") != nullptr) options.time = parse_time(step.text("time"));
    options.expect_newest = step.number("expect_newest");
    if (const auto ms = step.number("lock_wait_ms")) options.lock_wait = wait_limit::from_ms(*ms);
    const receipt stored = pool->append(payload(step.given), options);
    return object({{"seq", json_uint(stored.seq)}, {"time", time_json(stored.time_ns)}});
}

json_t *append_batch(const step &step) {
    const json_t *items = step.need("items");
    std::vector<std::string> texts;
    std::vector<tag_list> tags;
    for (std::size_t i = 0; i < items->count; i++) {
        texts.push_back(payload(items->items[i]));
        tags.push_back(tags_of(json_get(items->items[i], "tags")));
    }
    batch messages(texts.size());
    for (std::size_t i = 0; i < texts.size(); i++) messages.json(texts[i], &tags[i]);
    append_options options;
    options.durability = durability_of(step);
    json_t *seqs = json_array();
    for (const receipt &each : pool_of(step)->append_batch(messages, options)) json_push(seqs, json_uint(each.seq));
    return object({{"seqs", seqs}});
}

json_t *append_lite3(const step &step) {
    append_options options;
    options.durability = durability_of(step);
    return object({{"seq", json_uint(pool_of(step)->append_document(unhex(step.need("hex")), options).seq)}});
}

json_t *flush(const step &step) {
    pool_of(step)->flush();
    return json_object();
}

// Reading

std::uint64_t seq_of(const step &step) { return step.need("seq"), step.number("seq").value(); }

json_t *get(const step &step) { return message_json(pool_of(step)->get_json(seq_of(step)).text()); }

json_t *get_lite3(const step &step) {
    const lite3_frame frame = pool_of(step)->get_lite3(seq_of(step));
    return frame_json(frame.seq(), frame.time_ns(), frame.payload());
}

start start_of(const step &step) {
    const json_t *given = step.input("start");
    std::uint64_t count = 0;
    if (const auto since = step.number("since_seq")) return start::seq(*since);
    if (given == nullptr || json_is(given, "oldest")) return start::oldest();
    if (json_is(given, "now")) return start::now();
    if (integer(json_get(given, "last"), &count)) return start::last(count);
    if (const json_t *at = json_get(given, "time")) return start::at(parse_time({at->text, at->len}));
    throw bad_step("unknown start " + shown(given));
}

handle reader(const step &step) {
    tail_options options;
    options.start = start_of(step);
    options.end_seq = step.number("end_seq");
    options.max = step.number("max");
    if (const auto ms = step.number("timeout_ms")) options.timeout = wait_limit::from_ms(*ms);
    else if (json_is(step.member("op"), "tail")) options.timeout = std::chrono::milliseconds(500);
    const json_t *gap = step.input("gap"), *where = step.input("where");
    if (json_is(gap, "error")) options.gap = gap_policy::error;
    if (json_is(gap, "event")) options.gap = gap_policy::event;
    options.tags = tags_of(step.input("tags"));
    options.snapshot = json_true(step.input("snapshot"));
    options.backwards = json_true(step.input("backwards"));
    std::vector<filter> filters;
    for (std::size_t i = 0; where != nullptr && i < where->count; i++)
        filters.emplace_back(std::string_view(where->items[i]->text, where->items[i]->len));
    for (const filter &each : filters) options.filters.push_back(each);
    handle made;
    made.tail = pool_of(step)->tail(options);
    made.lite3 = json_is(step.input("encoding"), "lite3");
    made.backwards = options.backwards;
    return made;
}

json_t *open_tail(const step &step) {
    keep(step, reader(step));
    return json_object();
}

// Adds the next message, or tells what came instead.
outcome next_message(handle &from, wait_limit wait, json_t *messages) {
    json_t *got = nullptr;
    outcome what = outcome::message;
    if (from.lite3) {
        const auto next = from.tail->next(wait);
        what = next.outcome();
        if (next) got = frame_json(next->seq(), next->time_ns(), next->lite3());
    } else {
        const auto next = from.tail->next_json(wait);
        what = next.outcome();
        if (next) got = message_json(*next);
    }
    if (got == nullptr) return what;
    std::uint64_t seq = 0, before = 0;
    integer(json_get(got, "seq"), &seq);
    if (messages->count != 0) integer(json_get(messages->items[messages->count - 1], "seq"), &before);
    if (messages->count != 0 && (from.backwards ? seq >= before : seq <= before)) throw bad_step("the seqs are not in order");
    json_push(messages, got);
    return what;
}

json_t *read_messages(handle &from, std::uint64_t count, wait_limit wait) {
    static const std::map<outcome, const char *> ends = {{outcome::end, "end"}, {outcome::message, nullptr}, {outcome::timeout, "timeout"},
                                                         {outcome::gap, "gap"}, {outcome::cancelled, "cancelled"}, {outcome::deadline, "deadline"}};
    json_t *messages = json_array(), *gap = json_str(nullptr);
    outcome what = outcome::message;
    while (messages->count < count && what == outcome::message) what = next_message(from, wait, messages);
    if (what == outcome::gap) {
        const plasmite::gap lost = from.tail->last_gap();
        gap = object({{"first", json_uint(lost.first)}, {"last", json_uint(lost.last)}, {"count", json_uint(lost.count)}});
    }
    return object({{"messages", messages}, {"end", json_str(ends.at(what))}, {"gap", gap}});
}

json_t *next(const step &step) {
    handle &from = on(step);
    if (!from.tail) throw bad_step("that is no stream");
    return read_messages(from, step.number("count").value_or(1), wait_limit::from_ms(step.number("wait_ms").value_or(10000)));
}

json_t *tail_whole(const step &step) {
    const json_t *expect = version == 0 ? step.member("expect") : nullptr;
    const json_t *expected = json_get(expect, "messages") != nullptr ? json_get(expect, "messages") : json_get(expect, "messages_unordered");
    handle from = reader(step);
    return read_messages(from, expected != nullptr && step.input("max") == nullptr ? expected->count : UINT64_MAX, forever);
}

json_t *cancel(const step &step) {
    handle &from = on(step);
    if (!from.tail) throw bad_step("that is no stream");
    if (json_true(step.input("reset"))) from.tail->reset_cancel();
    else from.tail->cancel();
    return json_object();
}

json_t *replay_paced(const step &step) {
    const auto start = std::chrono::steady_clock::now();
    step.need("max");
    replay clock(std::strtod(step.need("speed")->text, nullptr));
    handle from = reader(step);
    json_t *messages = json_array();
    for (const view &message : *from.tail) {
        clock.schedule(message.time_ns());
        clock.wait();
        json_push(messages, message_json(message.json().text()));
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    return object({{"messages", messages}, {"elapsed_ms", json_uint(static_cast<std::uint64_t>(took.count()))}});
}

json_t *close(const step &step) {
    handle &closing = on(step);
    if (closing.tail) closing.tail->close();
    if (closing.pool) closing.pool->close();
    closing.closed = true;
    return json_object();
}

} // namespace

operation pool_op(const std::string &name) {
    static const std::map<std::string, operation> both = {{"create_pool", create_pool}, {"pool_info", info},   {"list_pools", list_pools},
                                                          {"delete_pool", delete_pool}, {"append", append},    {"get", get},
                                                          {"tail", tail_whole}};
    static const std::map<std::string, operation> recent = {
        {"connect", connect},
        {"ensure_pool", ensure_pool},   {"open_pool", open_pool},       {"check_pools", check_pools}, {"migrate_pool", migrate_pool},
        {"append_batch", append_batch}, {"append_lite3", append_lite3}, {"flush", flush},             {"get_lite3", get_lite3},
        {"open_tail", open_tail},       {"next", next},                 {"cancel", cancel},           {"replay", replay_paced},
        {"close", close}};
    if (version == 0 && name == "fetch") return get;
    if (const auto found = both.find(name); found != both.end()) return found->second;
    const auto found = recent.find(name);
    return version == 1 && found != recent.end() ? found->second : nullptr;
}

} // namespace runner
