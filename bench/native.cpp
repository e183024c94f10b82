// The C++ shim: plasmite.hpp, with a plain struct as the object and std::to_chars to write it.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <plasmite.hpp>

#include "native.h"

namespace {

struct reading {
    std::string sensor, note;
    double value = 0;
    std::int64_t count = 0;
    bool ok = false;
};

template <class Work> std::uint64_t timed(Work work) {
    try {
        const auto start = std::chrono::steady_clock::now();
        work();
        return static_cast<std::uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count());
    } catch (const std::exception &error) {
        std::fprintf(stderr, "bench: C++: %s\n", error.what());
        return 0;
    }
}

reading read_from(const plasmite::value &data) {
    reading made;
    made.sensor = data.get("sensor")->string();
    made.note = data.get("note")->string();
    made.value = data.get("reading")->f64();
    made.count = data.get("count")->i64();
    made.ok = data.get("ok")->boolean();
    return made;
}

std::vector<reading> readings(const plsm_bytes_t *texts, std::size_t len) {
    std::vector<reading> made;
    for (std::size_t i = 0; i < len; i++) {
        const plasmite::buffer document = plasmite::json_to_lite3(plasmite::bytes_view(texts[i].data, texts[i].len).text());
        made.push_back(read_from(plasmite::value::from_lite3({document.data(), document.size()})));
    }
    return made;
}

void write_text(std::string &out, std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') (out += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20) (((out += "\\u00") += hex[c >> 4]) += hex[c & 15]);
        else out += c;
    }
    out += '"';
}

template <class Number> void write_number(std::string &out, Number number) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void write(std::string &out, const reading &from) {
    write_text(out += "{\"sensor\":", from.sensor);
    write_number(out += ",\"reading\":", from.value);
    write_number(out += ",\"count\":", from.count);
    out += from.ok ? ",\"ok\":true" : ",\"ok\":false";
    write_text(out += ",\"note\":", from.note);
    out += '}';
}

plasmite::pool pool_at(const char *path) { return plasmite::client("").open_pool(path); }

} // namespace

std::uint64_t cpp_append_text(const char *path, const plsm_bytes_t *texts, std::size_t len, std::uint64_t count) {
    const plasmite::pool pool = pool_at(path);
    return timed([&] {
        for (std::uint64_t i = 0; i < count; i++) pool.append(plasmite::bytes_view(texts[i % len].data, texts[i % len].len).text());
    });
}

std::uint64_t cpp_append_objects(const char *path, const plsm_bytes_t *texts, std::size_t len, std::uint64_t count) {
    const plasmite::pool pool = pool_at(path);
    const std::vector<reading> objects = readings(texts, len);
    std::string text;
    return timed([&] {
        for (std::uint64_t i = 0; i < count; i++) {
            text.clear();
            write(text, objects[i % len]);
            pool.append(text);
        }
    });
}

std::uint64_t cpp_append_batches(const char *path, const plsm_bytes_t *texts, std::size_t len, std::uint64_t count) {
    constexpr std::size_t each = 64;
    const plasmite::pool pool = pool_at(path);
    const std::vector<reading> objects = readings(texts, len);
    std::vector<std::string> room(each);
    plasmite::batch batch(each);
    return timed([&] {
        for (std::uint64_t i = 0; i < count; i += each) {
            batch.clear();
            for (std::size_t j = 0; j < each; j++) {
                room[j].clear();
                write(room[j], objects[(i + j) % len]);
                batch.json(room[j]);
            }
            pool.append_batch(batch);
        }
    });
}

std::uint64_t cpp_read_objects(const char *path, std::uint64_t expected, std::int64_t *out_sum) {
    const plasmite::pool pool = pool_at(path);
    plasmite::tail_options options;
    options.snapshot = true;
    plasmite::tail tail = pool.tail(options);
    plasmite::view_batch views(32);
    std::uint64_t seen = 0;
    std::int64_t sum = 0;
    const std::uint64_t took = timed([&] {
        while (tail.next_views(views) == plasmite::outcome::message) {
            for (const plasmite::view message : views) {
                reading made;
                for (const auto [key, field] : message.root()->entries()) {
                    if (key == "sensor") made.sensor = field.string();
                    else if (key == "note") made.note = field.string();
                    else if (key == "reading") made.value = field.f64();
                    else if (key == "count") made.count = field.i64();
                    else if (key == "ok") made.ok = field.boolean();
                }
                sum += made.count;
                seen += made.sensor.size() == 9 && made.value > 0 && !made.note.empty();
            }
        }
    });
    *out_sum = sum;
    return seen == expected ? took : 0;
}
