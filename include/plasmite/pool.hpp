/// @file
/// A pool: append to it, read it, follow it.
#ifndef PLASMITE_POOL_HPP
#define PLASMITE_POOL_HPP

#include <plasmite/append.hpp>
#include <plasmite/tail.hpp>

#include <array>
#include <utility>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// Which messages a pool holds. All 0 when it holds none.
struct bounds {
    std::uint64_t oldest = 0; ///< The oldest message's seq.
    std::uint64_t newest = 0; ///< The newest message's seq.
    std::uint64_t count = 0;  ///< How many messages.
};

/// Settings and contents of a pool, as the C interface tells them; sizes and offsets are in bytes.
struct pool_info : plsm_pool_info_t {
    /// All 0.
    pool_info() noexcept : plsm_pool_info_t(PLSM_POOL_INFO_INIT) {}
    /// Takes over what a call of the C interface has filled.
    explicit pool_info(const plsm_pool_info_t &raw) noexcept : plsm_pool_info_t(raw) {}
};

/// The ring of a pool at one moment.
struct layout {
    std::uint64_t tail = 0;                     ///< Position of the oldest message's frame.
    std::uint64_t head = 0;                     ///< Position behind the newest message's frame.
    std::vector<plsm_frame_place_t> frames{};   ///< The oldest frames, as many as were asked for.
};

/// How a pool is created.
struct pool_options {
    /// The exact size of the file in bytes; 0 means 1048576.
    std::uint64_t size_bytes = 0;
    /// How many messages the index can point at, 0 for none; else the default.
    std::optional<std::uint32_t> index_capacity{};
    /// The mode of the file, less the umask; 0 means 0600.
    std::uint32_t file_mode = 0;

    /// The struct of the C interface.
    plsm_pool_options_t native() const noexcept {
        plsm_pool_options_t raw = PLSM_POOL_OPTIONS_INIT;
        raw.size_bytes = size_bytes;
        raw.has_index_capacity = index_capacity.has_value();
        raw.index_capacity = index_capacity.value_or(0);
        raw.file_mode = file_mode;
        return raw;
    }
};

/// How a pool is opened.
struct open_options {
    /// For reading only. Also what happens by itself where writing is not permitted.
    bool read_only = false;
};

/// How a lite3_tail is opened.
struct lite3_tail_options {
    std::optional<std::uint64_t> since_seq{}; ///< The first seq wanted, else the oldest message.
    std::optional<std::uint64_t> max{};       ///< End after so many messages.
    std::optional<wait_limit> timeout{};      ///< End this long after opening.
    gap_policy gap = gap_policy::go_on;       ///< gap_policy::event is not for these.
};

/// An open pool. Any number of threads may use one at once; readers never wait for writers.
class pool : public detail::owner<plsm_pool_t, plsm_pool_free> {
public:
    /// Takes over a handle of the C interface.
    explicit pool(plsm_pool_t *handle) noexcept : owner(handle) {}

    /// Its name: the reference by which it was opened, without the address of its server. Borrowed from this pool;
    /// empty when it is closed.
    std::string_view name() const noexcept { return detail::text(plsm_pool_name(native_handle())); }
    /// The path by which it was opened. Borrowed from this pool.
    std::string_view path() const noexcept { return detail::text(plsm_pool_path(native_handle())); }
    /// Raised by each recovery after a crash of the machine that may have lost unflushed messages.
    std::uint64_t generation() const noexcept { return plsm_pool_generation(native_handle()); }
    /// Whether it is open for reading only.
    bool is_read_only() const noexcept { return plsm_pool_is_read_only(native_handle()) != 0; }

    /// Its identity, drawn at random when it was created.
    result<std::array<std::uint8_t, 16>> try_id() const {
        std::array<std::uint8_t, 16> id{};
        plsm_error_t *failure = nullptr;
        if (plsm_pool_id(native_handle(), id.data(), &failure) != 0) return detail::take(failure);
        return id;
    }
    /// See try_id.
    std::array<std::uint8_t, 16> id() const { return try_id().value(); }

    /// Whether its path still leads to this pool: false when it was deleted or replaced.
    result<bool> try_is_current() const {
        plsm_error_t *failure = nullptr;
        const int answer = plsm_pool_is_current(native_handle(), &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1;
    }
    /// See try_is_current.
    bool is_current() const { return try_is_current().value(); }

    /// Which messages it holds; cheap.
    result<plasmite::bounds> try_bounds() const {
        plsm_bounds_t out{};
        plsm_error_t *failure = nullptr;
        if (plsm_pool_bounds(native_handle(), &out, &failure) != 0) return detail::take(failure);
        return plasmite::bounds{out.oldest, out.newest, out.count};
    }
    /// See try_bounds.
    plasmite::bounds bounds() const { return try_bounds().value(); }

    /// Its settings and contents.
    result<pool_info> try_info() const {
        pool_info info;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_info(native_handle(), &info, &failure) != 0) return detail::take(failure);
        return info;
    }
    /// See try_info.
    pool_info info() const { return try_info().value(); }

    /// How many processes write to it: they have appended, or tried to, and have not closed it. This one counts as well.
    result<std::uint32_t> try_writers() const {
        std::uint32_t writers = 0;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_writers(native_handle(), &writers, &failure) != 0) return detail::take(failure);
        return writers;
    }
    /// See try_writers.
    std::uint32_t writers() const { return try_writers().value(); }

    /// What is odd about a pool that works: a sentence a line, each line ended by a newline.
    result<buffer> try_warnings() const {
        return detail::fill([&](auto *out, auto **err) { return plsm_pool_warnings(native_handle(), out, err); });
    }
    /// See try_warnings.
    buffer warnings() const { return try_warnings().value(); }

    /// Settings and contents as the JSON object that `pool info --json` prints.
    result<buffer> try_info_json() const {
        return detail::fill([&](auto *out, auto **err) { return plsm_pool_info_json(native_handle(), out, err); });
    }
    /// See try_info_json.
    buffer info_json() const { return try_info_json().value(); }

    /// How the ring is filled, with the places of at most `frames` of the oldest messages.
    result<plasmite::layout> try_layout(std::size_t frames) const {
        auto held = try_bounds();
        if (!held) return held.error();
        plasmite::layout out;
        out.frames.resize(held->count < frames ? static_cast<std::size_t>(held->count) : frames);
        plsm_layout_t raw{};
        plsm_error_t *failure = nullptr;
        if (plsm_pool_layout(native_handle(), out.frames.data(), out.frames.size(), &raw, &failure) != 0)
            return detail::take(failure);
        out.tail = raw.tail;
        out.head = raw.head;
        out.frames.resize(static_cast<std::size_t>(raw.frame_count));
        return out;
    }
    /// See try_layout.
    plasmite::layout layout(std::size_t frames) const { return try_layout(frames).value(); }

    /// Appends one JSON value of any type. error_kind::usage: not one JSON value, or too large for the pool; not_found:
    /// the pool was deleted or replaced; busy: the lock was not to be had in time; permission: open for reading only;
    /// io with error::maybe_written: stored but not flushed, or a server may have stored it. With up to 8 tags nothing is
    /// allocated.
    result<receipt> try_append(std::string_view json) const {
        return stored([&](auto *out, auto **err) {
            return plsm_pool_append(native_handle(), detail::octets(json), json.size(), nullptr, out, err);
        });
    }
    /// As try_append, with options.
    result<receipt> try_append(std::string_view json, const append_options &options) const {
        const auto raw = options.native();
        if (!raw) return raw.error();
        return stored([&](auto *out, auto **err) {
            return plsm_pool_append(native_handle(), detail::octets(json), json.size(), &*raw, out, err);
        });
    }
    /// See try_append.
    receipt append(std::string_view json) const { return try_append(json).value(); }
    /// See try_append.
    receipt append(std::string_view json, const append_options &options) const { return try_append(json, options).value(); }

    /// As try_append, and gives the whole stored message as JSON too, made of what was written and not read again.
    result<std::pair<receipt, buffer>> try_append_envelope(std::string_view json, const append_options &options = {}) const {
        const auto raw = options.native();
        if (!raw) return raw.error();
        plsm_receipt_t told{0, 0};
        auto message = detail::fill([&](auto *out, auto **err) {
            return plsm_pool_append_envelope(native_handle(), detail::octets(json), json.size(), &*raw, &told, out, err);
        });
        if (!message) return message.error();
        return std::pair<receipt, buffer>(receipt{told.seq, told.timestamp_ns}, std::move(*message));
    }
    /// See try_append_envelope.
    std::pair<receipt, buffer> append_envelope(std::string_view json, const append_options &options = {}) const {
        return try_append_envelope(json, options).value();
    }

    /// Appends one JSON value and gives the whole stored message as JSON.
    result<buffer> try_append_json(std::string_view json, const std::vector<std::string> &tags = {},
                                   durability when = durability::fast) const {
        std::vector<const char *> texts;
        texts.reserve(tags.size());
        for (const std::string &tag : tags) {
            if (tag.find('\0') != std::string::npos)
                return error(error_kind::usage, "a tag contains a NUL character; append and its options take such tags");
            texts.push_back(tag.c_str());
        }
        return detail::fill([&](auto *out, auto **err) {
            return plsm_pool_append_json(native_handle(), detail::octets(json), json.size(), texts.data(), texts.size(),
                                         static_cast<std::uint32_t>(when), out, err);
        });
    }
    /// See try_append_json.
    buffer append_json(std::string_view json, const std::vector<std::string> &tags = {},
                       durability when = durability::fast) const {
        return try_append_json(json, tags, when).value();
    }

    /// Appends data that is already encoded as Lite3 (root object or array), without its envelope.
    result<receipt> try_append_data(bytes_view lite3, const append_options &options = {}) const {
        const auto raw = options.native();
        if (!raw) return raw.error();
        return stored([&](auto *out, auto **err) {
            return plsm_pool_append_data(native_handle(), lite3.data(), lite3.size(), &*raw, out, err);
        });
    }
    /// See try_append_data.
    receipt append_data(bytes_view lite3, const append_options &options = {}) const { return try_append_data(lite3, options).value(); }

    /// Appends a whole Lite3 message document, `{"meta":{"tags":[...]},"data":...}`, kept byte for byte. Tags stand in
    /// the document, so the options must have none.
    result<receipt> try_append_document(bytes_view lite3, const append_options &options = {}) const {
        const auto raw = options.native();
        if (!raw) return raw.error();
        return stored([&](auto *out, auto **err) {
            return plsm_pool_append_document(native_handle(), lite3.data(), lite3.size(), &*raw, out, err);
        });
    }
    /// See try_append_document.
    receipt append_document(bytes_view lite3, const append_options &options = {}) const { return try_append_document(lite3, options).value(); }

    /// Appends the messages of a batch in order, with consecutive seqs, all or none: readers see either every one or
    /// none. The options' tags go to every message; errors name the item.
    result<std::vector<receipt>> try_append_batch(const batch &messages, const append_options &options = {}) const {
        std::vector<plsm_receipt_t> raw_receipts(messages.size());
        const auto raw = options.native();
        if (!raw) return raw.error();
        if (const auto checked = messages.try_check(); !checked) return checked.error();
        plsm_error_t *failure = nullptr;
        if (plsm_pool_append_batch(native_handle(), messages.data(), messages.size(), &*raw, raw_receipts.data(), &failure) != 0)
            return detail::take(failure);
        std::vector<receipt> receipts;
        receipts.reserve(raw_receipts.size());
        for (const plsm_receipt_t &each : raw_receipts) receipts.push_back({each.seq, each.timestamp_ns});
        return receipts;
    }
    /// See try_append_batch.
    std::vector<receipt> append_batch(const batch &messages, const append_options &options = {}) const {
        return try_append_batch(messages, options).value();
    }

    /// Reserves room for `size` bytes of data as Lite3, to be written straight into the file.
    result<reservation> try_reserve(std::size_t size, const append_options &options = {}) const {
        const auto raw = options.native();
        if (!raw) return raw.error();
        plsm_reservation_t *handle = nullptr;
        std::uint8_t *payload = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_reserve(native_handle(), size, &*raw, &handle, &payload, &failure) != 0) return detail::take(failure);
        return reservation(handle, payload, size);
    }
    /// See try_reserve.
    reservation reserve(std::size_t size, const append_options &options = {}) const { return try_reserve(size, options).value(); }

    /// Makes everything appended so far durable, by this process or others.
    result<void> try_flush() const {
        return detail::run([&](auto **err) { return plsm_pool_flush(native_handle(), err); });
    }
    /// See try_flush.
    void flush() const { try_flush().value(); }

    /// A private copy of a message. error_kind::not_found with the seq: never written, or overwritten.
    result<message> try_get(std::uint64_t seq) const {
        plsm_message_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_get_message(native_handle(), seq, &handle, &failure) != 0) return detail::take(failure);
        return message(handle);
    }
    /// See try_get.
    message get(std::uint64_t seq) const { return try_get(seq).value(); }

    /// A message as JSON, with the errors of try_get.
    result<buffer> try_get_json(std::uint64_t seq) const {
        return detail::fill([&](auto *out, auto **err) { return plsm_pool_get_json(native_handle(), seq, out, err); });
    }
    /// See try_get_json.
    buffer get_json(std::uint64_t seq) const { return try_get_json(seq).value(); }

    /// A message as a Lite3 document, with the errors of try_get; error_kind::usage when Lite3 cannot hold it.
    result<lite3_frame> try_get_lite3(std::uint64_t seq) const {
        plsm_lite3_frame_t frame{};
        plsm_error_t *failure = nullptr;
        if (plsm_pool_get_lite3(native_handle(), seq, &frame, &failure) != 0) return detail::take(failure);
        return lite3_frame(frame);
    }
    /// See try_get_lite3.
    lite3_frame get_lite3(std::uint64_t seq) const { return try_get_lite3(seq).value(); }

    /// A message in place, without a copy, borrowed from this pool; see view::is_valid. The errors of try_get.
    result<plasmite::view> try_view(std::uint64_t seq) const {
        plasmite::view out;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_get_view(native_handle(), seq, out.slot(), &failure) != 0) return detail::take(failure);
        return out;
    }
    /// See try_view.
    plasmite::view view(std::uint64_t seq) const { return try_view(seq).value(); }

    /// Opens a tail of its messages, which outlives this pool. error_kind::usage: options that do not go together.
    result<plasmite::tail> try_tail(const tail_options &options = {}) const {
        if (options.start.token().find('\0') != std::string::npos)
            return error(error_kind::usage, "the token contains a NUL character");
        const auto raw = options.native();
        plsm_stream_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_pool_tail(native_handle(), &raw, &handle, &failure) != 0) return detail::take(failure);
        return plasmite::tail(handle);
    }
    /// See try_tail.
    plasmite::tail tail(const tail_options &options = {}) const { return try_tail(options).value(); }

    /// Opens a reader of its messages as Lite3.
    result<lite3_tail> try_tail_lite3(const lite3_tail_options &options = {}) const {
        plsm_stream_options_t raw = PLSM_STREAM_OPTIONS_INIT;
        raw.gap_policy = static_cast<std::uint32_t>(options.gap);
        raw.has_since = options.since_seq.has_value();
        raw.since_seq = options.since_seq.value_or(0);
        raw.has_max = options.max.has_value();
        raw.max_messages = options.max.value_or(0);
        raw.has_timeout = options.timeout.has_value();
        raw.timeout_ms = options.timeout ? options.timeout->ms() : 0;
        plsm_lite3_stream_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_lite3_stream_open_ex(native_handle(), &raw, &handle, &failure) != 0) return detail::take(failure);
        return lite3_tail(handle);
    }
    /// See try_tail_lite3.
    lite3_tail tail_lite3(const lite3_tail_options &options = {}) const { return try_tail_lite3(options).value(); }

private:
    template <class Call> static result<receipt> stored(Call call) {
        plsm_receipt_t out{};
        plsm_error_t *failure = nullptr;
        if (call(&out, &failure) != 0) return detail::take(failure);
        return receipt{out.seq, out.timestamp_ns};
    }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
