// pools.cpp: clients and pools: create, ensure, open, list, info, delete, doctor, migrate; errors as exceptions and results.
#include <filesystem>
#include <fstream>

#include "check.hpp"

using namespace plasmite;
namespace fs = std::filesystem;

static void lifecycle(const std::string &directory) {
    client client(directory);
    SAME(client.pool_dir(), directory);
    SAME(client.resolve("a"), directory + "/a.plasmite");
    SAME(client.exists("a"), false);
    SAME(client.list().size(), 0u);

    pool_options options;
    options.size_bytes = 1 << 17;
    options.index_capacity = 64;
    pool made = client.create("a", options);
    SAME(made.name(), "a");
    SAME(made.path(), directory + "/a.plasmite");
    SAME(fs::file_size(directory + "/a.plasmite"), 1u << 17);
    SAME(made.info().file_size, 1u << 17);
    SAME(made.info().index_capacity, 64u);
    SAME(made.is_read_only(), false);
    SAME(made.bounds().count, 0u);
    CHECK(client.exists("a"));
    THROWS(already_exists_error, client.create("a"));

    auto again = client.try_ensure("a");
    GOOD(again);
    SAME(again->created, false);
    CHECK(again->pool.id() == made.id());
    auto other = client.try_ensure("b");
    GOOD(other);
    SAME(other->created, true);

    open_options reading;
    reading.read_only = true;
    pool reader = client.open_pool("a", reading);
    CHECK(reader.is_read_only());
    THROWS(permission_error, reader.append("1"));

    pool_list list = client.list();
    SAME(list.size(), 2u);
    std::string names;
    for (const list_entry &entry : list) {
        names += entry.name;
        CHECK(entry.info && entry.modified && !entry.error);
    }
    SAME(names, "ab");
    FAILS(usage, list.try_at(2));
    CHECK(client.list_json().text().find("\"name\":\"a\"") != std::string_view::npos);
    SAME(made.writers(), 0u);
    SAME(made.warnings().text(), "");
    CHECK(made.info_json().text().find("\"file_size\":131072") != std::string_view::npos);

    client.delete_pool("a");
    SAME(made.is_current(), false);
    FAILS(not_found, made.try_append("1"));
    FAILS(not_found, client.try_delete_pool("a"));
}

static void errors(const std::string &directory) {
    client client(directory);
    try {
        client.open_pool("missing");
        CHECK(false);
    } catch (const plasmite::exception &error) {
        CHECK(error.kind() == error_kind::not_found);
        SAME(error.path().value_or(""), directory + "/missing.plasmite");
        CHECK(std::string(error.what()).find("missing") != std::string::npos);
        const plasmite::exception copied(error);
        SAME(copied.info().message(), error.info().message());
    }
    THROWS(not_found_error, client.open_pool("missing"));
    try {
        client.open_pool("missing");
    } catch (const std::runtime_error &error) {
        CHECK(*error.what() != '\0');
    }
    auto refused = client.try_create("tiny", {1, {}, 0});
    FAILS(usage, refused);
    CHECK(refused.error().message().find_first_of("0123456789") != std::string::npos);
    auto bad = client.ensure("values").try_append("{\"a\":");
    FAILS(usage, bad);
    CHECK(bad.error().offset().has_value());
    auto gone = client.ensure("values").try_get(7);
    FAILS(not_found, gone);
    SAME(gone.error().seq().value_or(0), 7u);
    SAME(name(error_kind::retention_gap), "RetentionGap");
    SAME(exit_code(error_kind::busy), 5);
    SAME(http_status(error_kind::not_found), 404);
}

static void examined(const std::string &directory) {
    client client(directory);
    pool pool = client.ensure("healthy");
    for (int i = 0; i < 100; i++) pool.append(std::to_string(i));
    doctor doctor = client.doctor("healthy");
    doctor_progress progress;
    while ((progress = doctor.step(256)).more) CHECK(progress.path.find("healthy") != std::string_view::npos);
    SAME(progress.pools_done, 1u);
    CHECK(doctor.report(0).status == doctor_status::ok);
    SAME(doctor.report(0).bounds.count, 100u);
    FAILS(usage, doctor.try_report(1));

    std::ofstream(directory + "/bad.plasmite") << "NOPE";
    plasmite::doctor all = client.doctor_all();
    all.run();
    bool found = false;
    for (std::size_t i = 0; i < all.size(); i++) {
        const doctor_report report = all.report(i);
        if (report.path.find("bad.plasmite") == std::string_view::npos) continue;
        found = true;
        CHECK(report.status == doctor_status::corrupt);
        CHECK(!report.issues.empty() && !report.issues[0].message.empty());
    }
    CHECK(found);
    CHECK(all.json().text().find("\"reports\":[") != std::string_view::npos);
    const pool_list listed = client.list();
    for (const list_entry &entry : listed)
        if (entry.name == "bad") CHECK(entry.error && entry.error->kind() == error_kind::corrupt && !entry.info);
    FAILS(corrupt, client.try_open_pool("bad"));
    FAILS(usage, client.try_migrate("healthy"));
    FAILS(not_found, client.try_migrate("missing", "new"));
}

static void noise(const std::string &path, std::uint64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << "noise!!!";
    CHECK(file.good());
}

static void salvaged_from_damage(const std::string &directory) {
    client client(directory);
    pool pool = client.create("damaged", {65536, {}, 0});
    SAME(pool.writers(), 0u);
    for (int i = 1; i <= 9; i++) pool.append("{\"n\":" + std::to_string(i) + ",\"text\":\"a message\"}");
    SAME(pool.writers(), 1u);
    CHECK(pool.warnings().text().empty());
    const auto frames = pool.layout(9).frames;
    pool.close();
    FAILS(usage, pool.try_writers());
    FAILS(usage, pool.try_warnings());
    noise(directory + "/damaged.plasmite", frames[3].offset + 48);
    noise(directory + "/damaged.plasmite", frames[6].offset + 48);

    const salvaged brought = client.salvage("damaged", "rescued");
    SAME(brought.bounds.oldest, 1u);
    SAME(brought.bounds.newest, 9u);
    SAME(brought.bounds.count, 7u);
    SAME(brought.lost, 2u);
    SAME(brought.lost_ranges, 2u);
    SAME(brought.ranges.size(), 2u);
    SAME(brought.ranges[1].first, 7u);
    SAME(brought.ranges[1].count, 1u);
    SAME(brought.size, 65536u);
    const plasmite::pool rescued = client.open_pool("rescued");
    SAME(rescued.get(9).json(part::data).text(), R"({"n":9,"text":"a message"})");
    FAILS(not_found, rescued.try_get(4));
    SAME(rescued.append("1").seq, 10u);

    FAILS(already_exists, client.try_salvage("damaged", "rescued"));
    FAILS(not_found, client.try_salvage("missing", "new"));
    FAILS(usage, client.try_salvage("damaged", ""));
    FAILS(usage, client.try_salvage("damaged", {"a\0b", 3}));
    FAILS(usage, client.try_salvage("damaged", "small", {100, {}, 0}));
    fs::resize_file(directory + "/damaged.plasmite", 100);
    FAILS(corrupt, client.try_salvage("damaged", "new"));
    CHECK(!client.exists("new") && !client.exists("small"));
}

static void library() {
    SAME(version(), PLSM_VERSION_STRING);
    SAME(version_number(), static_cast<std::uint32_t>(PLSM_VERSION_NUMBER));
    CHECK(abi_version() >= PLSM_ABI_VERSION);
    CHECK(has_feature("pools") && !has_feature("no such thing") && !has_feature({"pools\0", 6}));
    CHECK(!build_info().empty());
    CHECK(pool_formats::known().written >= pool_formats::known().oldest_read);
    set_log([](log_level, std::string_view) {});
    set_log(nullptr);
    install_guard();
    SAME(format_time(from_ns(1500000000)), "1970-01-01T00:00:01.5Z");
    SAME(to_ns(parse_time("1970-01-01T00:00:01.5Z")), 1500000000u);
    CHECK(parse_duration("30m") == std::chrono::minutes(30));
    THROWS(usage_error, parse_duration("soon"));
}

int main() {
    const scratch scratch;
    lifecycle(scratch.path());
    errors(scratch.path());
    examined(scratch.path());
    salvaged_from_damage(scratch.path());
    library();
    setenv("HOME", scratch.path().c_str(), 1);
    SAME(client::with_default_dir().pool_dir(), scratch.path() + "/.plasmite/pools");
    SAME(default_pool_dir(), scratch.path() + "/.plasmite/pools");
    return finish("pools");
}
