/// @file
/// A client: a directory of pools, or a server of some.
#ifndef PLASMITE_CLIENT_HPP
#define PLASMITE_CLIENT_HPP

#include <plasmite/client_options.hpp>
#include <plasmite/doctor.hpp>
#include <plasmite/pool.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// A pool of a list, borrowed from it.
struct list_entry {
    std::string_view name{};                   ///< The pool's name.
    std::string_view path{};                   ///< The path of its file.
    std::optional<time_point> modified{};      ///< When the file was last changed.
    std::optional<pool_info> info{};           ///< What is known about it.
    std::optional<plasmite::error> error{};    ///< Why it could not be read, when it could not.
};

/// The pools of a directory at one moment, sorted by name.
class pool_list : public detail::owner<plsm_pool_list_t, plsm_pool_list_free> {
public:
    /// Takes over a handle of the C interface.
    explicit pool_list(plsm_pool_list_t *handle) noexcept : owner(handle) {}

    /// How many there are.
    std::size_t size() const noexcept { return plsm_pool_list_count(native_handle()); }
    /// Whether there are none.
    bool empty() const noexcept { return size() == 0; }
    /// One of them, from 0; error_kind::usage beyond the last.
    result<list_entry> try_at(std::size_t index) const {
        plsm_list_entry_t raw = PLSM_LIST_ENTRY_INIT;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_list_entry(native_handle(), index, &raw, &failure) != 0) return detail::take(failure);
        list_entry out;
        out.name = detail::text(raw.name);
        out.path = detail::text(raw.path);
        if (raw.has_mtime != 0) out.modified = from_ns(raw.mtime_ns);
        if (raw.info != nullptr) out.info = pool_info(*raw.info);
        if (raw.error != nullptr) out.error = detail::copy(raw.error);
        return out;
    }
    /// See try_at.
    list_entry at(std::size_t index) const { return try_at(index).value(); }

    /// Walks through the entries.
    class iterator {
    public:
        /// At this entry.
        iterator(const pool_list &list, std::size_t at) noexcept : list_(&list), at_(at) {}
        /// The entry here.
        list_entry operator*() const { return list_->at(at_); }
        /// Goes on.
        iterator &operator++() noexcept { return ++at_, *this; }
        /// Whether both are at the same place.
        bool operator==(const iterator &other) const noexcept { return at_ == other.at_; }
        /// Whether they are not.
        bool operator!=(const iterator &other) const noexcept { return at_ != other.at_; }

    private:
        const pool_list *list_;
        std::size_t at_;
    };
    /// The first entry.
    iterator begin() const noexcept { return {*this, 0}; }
    /// Behind the last.
    iterator end() const noexcept { return {*this, size()}; }
};

/// What client::migrate has made.
struct migrated {
    plasmite::bounds bounds{};      ///< The messages, all converted.
    std::uint64_t old_size = 0;     ///< Size of the old file in bytes.
    std::uint64_t size = 0;         ///< Size of the new file in bytes.
    bool times_unordered = false;   ///< Whether times fall from one message to the next.
    std::string backup{};           ///< Where the old file was kept, when the new pool took its place.
};

/// What client::salvage has brought.
struct salvaged {
    plasmite::bounds bounds{};      ///< The messages that were copied; count says how many there are between the two.
    std::uint64_t lost = 0;         ///< How many are known to be lost: from the oldest intact one to the newest ever.
    std::uint64_t lost_ranges = 0;  ///< In how many stretches they stood.
    std::vector<gap> ranges{};      ///< The first of these, at most 256, in rising order.
    std::uint64_t size = 0;         ///< Size of the new file in bytes.
};

/// A pool, and whether the call that opened it created it.
struct ensured {
    plasmite::pool pool;    ///< The pool.
    bool created = false;   ///< Of many callers at once, exactly one has true here.
};

/// The directory of a client made without one: `$HOME/.plasmite/pools`.
inline result<std::string> try_default_pool_dir() {
    auto path = detail::fill([](auto *out, auto **err) { return plsm_default_pool_dir(out, err); });
    if (!path) return path.error();
    return path->str();
}
/// See try_default_pool_dir.
inline std::string default_pool_dir() { return try_default_pool_dir().value(); }

/// A directory of pools, or a server of some. Making one touches no file and no network. Pools outlive it.
///
/// A pool reference is a name (`events`: the file `events.plasmite` in the directory) or, with a `/` in it, the path
/// of a file, or the address of a server's pool, `http://host:9700/events`. Calls do there what they do here; those that need
/// the file or its memory are error_kind::usage, and a server that does not answer is error_kind::io.
class client : public detail::owner<plsm_client_t, plsm_client_free> {
public:
    /// Takes over a handle of the C interface.
    explicit client(plsm_client_t *handle) noexcept : owner(handle) {}
    /// A client of this directory, which need not exist, or of the server at this address; throws as value() of try_open
    /// does.
    explicit client(std::string_view directory) : client(try_open(directory).value()) {}
    /// A client with these options; throws as value() of try_open does.
    explicit client(const client_options &options) : client(try_open(options).value()) {}

    /// A client of this directory, which need not exist, or of the server at this address. error_kind::usage: it holds a
    /// NUL, or is no address.
    static result<client> try_open(std::string_view directory) {
        const detail::c_text path(directory, "the pool directory");
        if (!path) return path.refusal();
        return opened(path.c_str());
    }
    /// A client with these options. error_kind::usage: some exclude each other, the token cannot be one, or there is no
    /// certificate in the file; not_found, permission, io: a file cannot be read.
    static result<client> try_open(const client_options &options) {
        const auto raw = options.native();
        if (!raw) return raw.error();
        plsm_client_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_client_new_with(&*raw, &handle, &failure) != 0) return detail::take(failure);
        return client(handle);
    }
    /// A client of the default directory. error_kind::usage: HOME is not set.
    static result<client> try_with_default_dir() { return opened(nullptr); }
    /// See try_with_default_dir.
    static client with_default_dir() { return try_with_default_dir().value(); }

    /// The directory, or the server's address.
    result<std::string> try_pool_dir() const {
        auto path = detail::fill([&](auto *out, auto **err) { return plsm_client_pool_dir(native_handle(), out, err); });
        if (!path) return path.error();
        return path->str();
    }
    /// See try_pool_dir.
    std::string pool_dir() const { return try_pool_dir().value(); }

    /// The file that a pool reference means, which need not exist. error_kind::usage: a server's pool.
    result<std::string> try_resolve(std::string_view pool_ref) const {
        const detail::c_text ref(pool_ref, reference);
        if (!ref) return ref.refusal();
        auto path = detail::fill([&](auto *out, auto **err) { return plsm_pool_resolve(native_handle(), ref.c_str(), out, err); });
        if (!path) return path.error();
        return path->str();
    }
    /// See try_resolve.
    std::string resolve(std::string_view pool_ref) const { return try_resolve(pool_ref).value(); }

    /// Whether a pool's file is there; it is not opened.
    result<bool> try_exists(std::string_view pool_ref) const {
        const detail::c_text ref(pool_ref, reference);
        if (!ref) return ref.refusal();
        plsm_error_t *failure = nullptr;
        const int answer = plsm_pool_exists(native_handle(), ref.c_str(), &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1;
    }
    /// See try_exists.
    bool exists(std::string_view pool_ref) const { return try_exists(pool_ref).value(); }

    /// Creates a pool and opens it. error_kind::already_exists: it is there; usage: a bad name, or too small a size;
    /// io: for example a full disk.
    result<pool> try_create(std::string_view pool_ref, const pool_options &options = {}) const {
        const auto raw = options.native();
        return got(pool_ref, [&](auto *ref, auto **out, auto **err) {
            return plsm_pool_create_with(native_handle(), ref, &raw, out, err);
        });
    }
    /// See try_create.
    pool create(std::string_view pool_ref, const pool_options &options = {}) const { return try_create(pool_ref, options).value(); }

    /// Opens a pool, creating it first when it is not there, in one step. The options apply to creation only.
    result<ensured> try_ensure(std::string_view pool_ref, const pool_options &options = {}) const {
        const auto raw = options.native();
        std::uint32_t created = 0;
        auto there = got(pool_ref, [&](auto *ref, auto **out, auto **err) {
            return plsm_pool_ensure(native_handle(), ref, &raw, out, &created, err);
        });
        if (!there) return there.error();
        return ensured{std::move(*there), created != 0};
    }
    /// See try_ensure; gives the pool alone.
    pool ensure(std::string_view pool_ref, const pool_options &options = {}) const {
        return std::move(try_ensure(pool_ref, options).value().pool);
    }

    /// Opens a pool: for reading and writing, or, where writing is not permitted, for reading only.
    /// error_kind::not_found; corrupt: damaged, or no pool; usage: a format that the library does not know.
    result<pool> try_open_pool(std::string_view pool_ref, const open_options &options = {}) const {
        plsm_open_options_t raw = PLSM_OPEN_OPTIONS_INIT;
        raw.flags = options.read_only ? PLSM_OPEN_READ_ONLY : 0;
        return got(pool_ref, [&](auto *ref, auto **out, auto **err) {
            return plsm_pool_open_with(native_handle(), ref, &raw, out, err);
        });
    }
    /// See try_open_pool.
    pool open_pool(std::string_view pool_ref, const open_options &options = {}) const { return try_open_pool(pool_ref, options).value(); }

    /// Deletes a pool, also one in use: its writers and waiting tails then get error_kind::not_found.
    result<void> try_delete_pool(std::string_view pool_ref) const {
        const detail::c_text ref(pool_ref, reference);
        if (!ref) return ref.refusal();
        return detail::run([&](auto **err) { return plsm_pool_delete(native_handle(), ref.c_str(), err); });
    }
    /// See try_delete_pool.
    void delete_pool(std::string_view pool_ref) const { try_delete_pool(pool_ref).value(); }

    /// The pools of the directory. One that is not there has none; a pool that cannot be read is in the list with its
    /// error.
    result<pool_list> try_list() const {
        plsm_pool_list_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_list_open(native_handle(), &handle, &failure) != 0) return detail::take(failure);
        return pool_list(handle);
    }
    /// See try_list.
    pool_list list() const { return try_list().value(); }

    /// The pools as the JSON object that `pool list --json` prints.
    result<buffer> try_list_json() const {
        return detail::fill([&](auto *out, auto **err) { return plsm_pool_list_json(native_handle(), out, err); });
    }
    /// See try_list_json.
    buffer list_json() const { return try_list_json().value(); }

    /// Begins to examine a pool. Writes nothing; also works on pools in use.
    result<plasmite::doctor> try_doctor(std::string_view pool_ref) const {
        const detail::c_text ref(pool_ref, reference);
        if (!ref) return ref.refusal();
        return examined(ref.c_str());
    }
    /// See try_doctor.
    plasmite::doctor doctor(std::string_view pool_ref) const { return try_doctor(pool_ref).value(); }
    /// Begins to examine every pool of the directory, by name.
    result<plasmite::doctor> try_doctor_all() const { return examined(nullptr); }
    /// See try_doctor_all.
    plasmite::doctor doctor_all() const { return try_doctor_all().value(); }

    /// Converts a pool of format 3, which builds up to version 1.2 made: into the new pool `new_ref`, or, without that,
    /// in its place; the old file is then kept beside it with ".bak" behind its name. Stop the programs that use the
    /// pool first. Options that are left as they are mean: as in the old pool. A failure leaves nothing behind.
    result<migrated> try_migrate(std::string_view pool_ref, std::optional<std::string_view> new_ref = {},
                                 const pool_options &options = {}) const {
        const detail::c_text from(pool_ref, reference), to(new_ref.value_or(""), "the new pool's reference");
        if (!from) return from.refusal();
        if (!to) return to.refusal();
        const auto raw = options.native();
        plsm_migrated_t made = PLSM_MIGRATED_INIT;
        auto backup = detail::fill([&](auto *out, auto **err) {
            return plsm_pool_migrate(native_handle(), from.c_str(), new_ref ? to.c_str() : nullptr, &raw, &made, out, err);
        });
        if (!backup) return backup.error();
        return migrated{{made.bounds.oldest, made.bounds.newest, made.bounds.count}, made.old_size, made.size,
                        made.times_unordered != 0, backup->str()};
    }
    /// See try_migrate.
    migrated migrate(std::string_view pool_ref, std::optional<std::string_view> new_ref = {}, const pool_options &options = {}) const {
        return try_migrate(pool_ref, new_ref, options).value();
    }

    /// Copies every intact message of a damaged pool into the new pool `new_ref`, with its seq, time, tags and bytes, and
    /// proves the copy by reading both again. The damaged file is left as it is; stop the programs that use it first.
    /// Takes time in proportion to the file. Options that are left as they are mean: as in the damaged pool.
    /// error_kind::not_found; already_exists: the new pool; usage: of another format, or too large for the size asked
    /// for; corrupt: no pool, or too little is left of it. A failure leaves nothing behind.
    result<salvaged> try_salvage(std::string_view pool_ref, std::string_view new_ref, const pool_options &options = {}) const {
        const detail::c_text from(pool_ref, reference), to(new_ref, "the new pool's reference");
        if (!from) return from.refusal();
        if (!to) return to.refusal();
        const auto raw = options.native();
        plsm_salvaged_t made = PLSM_SALVAGED_INIT;
        std::vector<plsm_gap_t> lost(256);
        auto done = detail::run([&](auto **err) {
            return plsm_pool_salvage(native_handle(), from.c_str(), to.c_str(), &raw, &made, lost.data(), lost.size(), err);
        });
        if (!done) return done.error();
        salvaged out{{made.bounds.oldest, made.bounds.newest, made.bounds.count}, made.lost, made.lost_ranges, {}, made.size};
        for (const plsm_gap_t &range : lost)
            if (range.count != 0) out.ranges.push_back({range.first, range.last, range.count});
        return out;
    }
    /// See try_salvage.
    salvaged salvage(std::string_view pool_ref, std::string_view new_ref, const pool_options &options = {}) const {
        return try_salvage(pool_ref, new_ref, options).value();
    }

private:
    static constexpr const char *reference = "the pool reference";

    static result<client> opened(const char *directory) {
        plsm_client_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_client_new(directory, &handle, &failure) != 0) return detail::take(failure);
        return client(handle);
    }

    result<plasmite::doctor> examined(const char *pool_ref) const {
        plsm_doctor_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_doctor_open(native_handle(), pool_ref, &handle, &failure) != 0) return detail::take(failure);
        return plasmite::doctor(handle);
    }

    template <class Call> static result<pool> got(std::string_view pool_ref, Call call) {
        const detail::c_text ref(pool_ref, reference);
        if (!ref) return ref.refusal();
        plsm_pool_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (call(ref.c_str(), &handle, &failure) != 0) return detail::take(failure);
        return pool(handle);
    }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
