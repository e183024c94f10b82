/// @file
/// Messages: borrowed views, private copies, and Lite3 documents.
#ifndef PLASMITE_VIEW_HPP
#define PLASMITE_VIEW_HPP

#include <plasmite/time.hpp>
#include <plasmite/value.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// A part of a message as JSON.
enum class part : std::uint32_t {
    envelope = PLSM_PART_ENVELOPE, ///< All: `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`.
    data = PLSM_PART_DATA,         ///< The data alone.
    tags = PLSM_PART_TAGS,         ///< The tags alone, as an array.
    head = PLSM_PART_HEAD          ///< All but the data.
};

/// A borrowed message. It may be copied, and lives as long as what it was borrowed from: a stream until the next call
/// on it, a message until it is closed, or, in place, the pool's memory, which writers may overwrite at any time. What
/// was read in place counts only if is_valid says so afterwards.
class view {
public:
    /// No message; every call refuses it.
    view() noexcept : raw_() {}
    /// Takes over what a call of the C interface has filled.
    explicit view(const plsm_view_t &raw) noexcept : raw_(raw) {}

    /// Its sequence number, from 1.
    std::uint64_t seq() const noexcept { return raw_.seq; }
    /// Its time.
    time_point time() const noexcept { return from_ns(raw_.timestamp_ns); }
    /// Its time in ns since 1970.
    std::uint64_t time_ns() const noexcept { return raw_.timestamp_ns; }
    /// Whether it lies in the pool's memory.
    bool is_in_place() const noexcept { return (raw_.flags & PLSM_VIEW_IN_PLACE) != 0; }
    /// Whether what was read before this call counts. Always true for a private copy.
    bool is_valid() const noexcept { return plsm_view_is_valid(&raw_) != 0; }

    /// A part as compact JSON. error_kind::retention_gap: it was overwritten meanwhile.
    result<buffer> try_json(part which = part::envelope) const {
        return detail::fill([&](auto *out, auto **err) { return plsm_view_json(&raw_, static_cast<std::uint32_t>(which), out, err); });
    }
    /// See try_json.
    buffer json(part which = part::envelope) const { return try_json(which).value(); }
    /// The data as compact JSON.
    buffer data() const { return json(part::data); }

    /// Puts a part as compact JSON behind what `out` holds, without an allocation once that is large enough. After a
    /// failure `out` is as it was.
    result<void> try_append_json(std::string &out, part which = part::envelope) const {
        const std::size_t before = out.size();
        // A guess that fits nearly always: text is little longer than the stored bytes.
        std::size_t room = raw_.payload_len * 2 + raw_.tags_len * 2 + 128;
        for (;;) {
            out.resize(before + room);
            std::size_t length = 0;
            plsm_error_t *failure = nullptr;
            auto *place = reinterpret_cast<std::uint8_t *>(&out[before]);
            const int answer = plsm_view_write_json(&raw_, static_cast<std::uint32_t>(which), place, room, &length, &failure);
            out.resize(before + (answer == 1 ? length : 0));
            if (answer < 0) return detail::take(failure);
            if (answer == 1) return {};
            room = length;
        }
    }
    /// See try_append_json.
    void append_json(std::string &out, part which = part::envelope) const { try_append_json(out, which).value(); }

    /// The message as a Lite3 document; error_kind::usage when Lite3 cannot hold it.
    result<buffer> try_lite3() const {
        return detail::fill([&](auto *out, auto **err) { return plsm_view_lite3(&raw_, out, err); });
    }
    /// See try_lite3.
    buffer lite3() const { return try_lite3().value(); }

    /// How many tags it has.
    std::size_t tag_count() const noexcept { return plsm_view_tag_count(&raw_); }
    /// A tag, from 0, borrowed from what the view was borrowed from; nothing beyond the last.
    result<std::optional<std::string_view>> try_tag(std::size_t index) const {
        plsm_bytes_t tag{};
        plsm_error_t *failure = nullptr;
        const int answer = plsm_view_tag(&raw_, index, &tag, &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1 ? std::optional<std::string_view>(detail::text(tag)) : std::nullopt;
    }
    /// See try_tag.
    std::optional<std::string_view> tag(std::size_t index) const { return try_tag(index).value(); }
    /// All tags in the writer's order, borrowed likewise.
    result<std::vector<std::string_view>> try_tags() const {
        std::vector<std::string_view> all;
        const std::size_t count = tag_count();
        all.reserve(count);
        for (std::size_t i = 0; i < count; i++) {
            auto next = try_tag(i);
            if (!next) return next.error();
            if (*next) all.push_back(**next);
        }
        return all;
    }
    /// See try_tags.
    std::vector<std::string_view> tags() const { return try_tags().value(); }

    /// A top-level integer of the data, found without decoding the rest; nothing when there is no such key.
    /// error_kind::usage: it is of another type, or the data is stored as JSON text (see try_root).
    result<std::optional<std::int64_t>> try_i64(std::string_view key) const { return field<std::int64_t>(plsm_view_i64, key); }
    /// See try_i64.
    std::optional<std::int64_t> i64(std::string_view key) const { return try_i64(key).value(); }

    /// A top-level number, as try_i64; an integer is rounded to the nearest double.
    result<std::optional<double>> try_f64(std::string_view key) const { return field<double>(plsm_view_f64, key); }
    /// See try_f64.
    std::optional<double> f64(std::string_view key) const { return try_f64(key).value(); }

    /// A top-level true or false, as try_i64.
    result<std::optional<bool>> try_boolean(std::string_view key) const {
        auto number = field<std::uint32_t>(plsm_view_bool, key);
        if (!number) return number.error();
        return *number ? std::optional<bool>(**number != 0) : std::nullopt;
    }
    /// See try_boolean.
    std::optional<bool> boolean(std::string_view key) const { return try_boolean(key).value(); }

    /// A top-level string, as try_i64, borrowed from what the view was borrowed from.
    result<std::optional<std::string_view>> try_string(std::string_view key) const {
        auto range = field<plsm_bytes_t>(plsm_view_string, key);
        if (!range) return range.error();
        return *range ? std::optional<std::string_view>(detail::text(**range)) : std::nullopt;
    }
    /// See try_string.
    std::optional<std::string_view> string(std::string_view key) const { return try_string(key).value(); }

    /// The data as a value to walk through; nothing when it is stored as JSON text, because Lite3 cannot hold it (a
    /// scalar, an integer above 2^63-1, a key with a NUL): take it with try_json then.
    result<std::optional<value>> try_root() const {
        plsm_value_t root{};
        plsm_error_t *failure = nullptr;
        const int answer = plsm_view_root(&raw_, &root, &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1 ? std::optional<value>(value(root)) : std::nullopt;
    }
    /// See try_root.
    std::optional<value> root() const { return try_root().value(); }

    /// The payload as stored, borrowed without a copy.
    bytes_view payload() const noexcept { return {raw_.payload, raw_.payload_len}; }
    /// The struct of the C interface.
    const plsm_view_t &native() const noexcept { return raw_; }
    /// The struct of the C interface, for a call that fills it.
    plsm_view_t *slot() noexcept { return &raw_; }

private:
    template <class T>
    result<std::optional<T>> field(int (*call)(const plsm_view_t *, const char *, std::size_t, T *, plsm_error_t **),
                                   std::string_view key) const {
        T out{};
        plsm_error_t *failure = nullptr;
        const int answer = call(&raw_, key.data(), key.size(), &out, &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1 ? std::optional<T>(out) : std::nullopt;
    }

    plsm_view_t raw_;
};

/// A private copy of a message, which no writer can touch.
class message : public detail::owner<plsm_message_t, plsm_message_free> {
public:
    /// Takes over a handle of the C interface.
    explicit message(plsm_message_t *handle) noexcept : owner(handle) {}

    /// Everything about it, borrowed until this copy is closed.
    plasmite::view view() const noexcept {
        plasmite::view view;
        plsm_message_view(native_handle(), view.slot());
        return view;
    }
    /// Its sequence number; 0 when it is closed.
    std::uint64_t seq() const noexcept { return view().seq(); }
    /// Its time.
    time_point time() const noexcept { return view().time(); }
    /// All tags, borrowed from this copy.
    std::vector<std::string_view> tags() const { return view().tags(); }
    /// A part as compact JSON.
    buffer json(part which = part::envelope) const { return view().json(which); }
    /// The data as compact JSON.
    buffer data() const { return view().data(); }
};

/// A message as a Lite3 document, `{"meta":{"tags":[...]},"data":...}`: one that was appended as such, byte for byte.
class lite3_frame {
public:
    /// Takes over what a call of the C interface has filled.
    explicit lite3_frame(const plsm_lite3_frame_t &raw) noexcept
        : seq_(raw.seq), time_ns_(raw.timestamp_ns), flags_(raw.flags), payload_(raw.payload) {}

    /// Its sequence number.
    std::uint64_t seq() const noexcept { return seq_; }
    /// Its time.
    time_point time() const noexcept { return from_ns(time_ns_); }
    /// Its time in ns since 1970.
    std::uint64_t time_ns() const noexcept { return time_ns_; }
    /// 0 for an ordinary message.
    std::uint32_t flags() const noexcept { return flags_; }
    /// The document.
    const buffer &payload() const noexcept { return payload_; }

private:
    std::uint64_t seq_, time_ns_;
    std::uint32_t flags_;
    buffer payload_;
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
