/// @file
/// What goes with an append, and what comes back.
#ifndef PLASMITE_APPEND_HPP
#define PLASMITE_APPEND_HPP

#include <plasmite/view.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// When an append returns.
enum class durability : std::uint32_t {
    fast = PLSM_DURABILITY_FAST,  ///< When other processes can read the message; it survives them, not the machine.
    flush = PLSM_DURABILITY_FLUSH ///< When the message, and all before it, are on the disk.
};

namespace detail {
/// The library's number for a message's own time; error_kind::usage for a time before 1970, which has none.
inline result<std::uint64_t> own_ns(time_point time) {
    const auto count = time.time_since_epoch().count();
    if (count >= 0) return to_ns(time);
    return error(error_kind::usage, "the time " + std::to_string(count) + " ns since 1970 is not between 1970 and 2262");
}
} // namespace detail

/// How a message is appended: `pool.append(json, {{"tag"}, durability::flush})`, or by name under C++20.
struct append_options {
    /// The message's tags.
    tag_list tags{};
    /// When the append returns.
    plasmite::durability durability = plasmite::durability::fast;
    /// The message's time, else the clock's; error_kind::usage when it is before 1970 or below the newest message's.
    std::optional<time_point> time{};
    /// How long to wait for the writer lock before error_kind::busy, else 10 seconds.
    std::optional<wait_limit> lock_wait{};
    /// Append only when this is the newest seq (0: no message was ever written), else error_kind::already_exists.
    std::optional<std::uint64_t> expect_newest{};
    /// Check Lite3 data wholly before storing it, not just its root.
    bool check_fully = false;

    /// The struct of the C interface; lives no longer than these options. error_kind::usage: the time is before 1970.
    result<plsm_append_options_t> native() const {
        plsm_append_options_t raw = PLSM_APPEND_OPTIONS_INIT;
        raw.durability = static_cast<std::uint32_t>(durability);
        raw.tags = tags.data();
        raw.tags_len = tags.size();
        if (time) {
            const auto ns = detail::own_ns(*time);
            if (!ns) return ns.error();
            raw.has_timestamp = 1;
            raw.timestamp_ns = *ns;
        }
        raw.has_lock_wait = lock_wait.has_value();
        raw.lock_wait_ms = lock_wait ? lock_wait->ms() : 0;
        raw.has_expect_newest = expect_newest.has_value();
        raw.expect_newest = expect_newest.value_or(0);
        raw.flags = check_fully ? PLSM_APPEND_CHECK_FULLY : 0;
        return raw;
    }
};

/// What an append has stored.
struct receipt {
    std::uint64_t seq = 0;     ///< The message's seq.
    std::uint64_t time_ns = 0; ///< The message's time in ns since 1970.

    /// The message's time.
    time_point time() const noexcept { return from_ns(time_ns); }
};

/// The messages of a batch, built once and appended any number of times. It borrows bytes and tags. Times are as in
/// append_options: the append of the batch refuses one before 1970.
class batch {
public:
    /// No messages.
    batch() noexcept = default;
    /// No messages, with room for so many.
    explicit batch(std::size_t room) { items_.reserve(room); }

    /// Adds a JSON value; `tags`, which outlives the batch, are behind those of the options.
    batch &json(std::string_view json, const tag_list *tags = nullptr, std::optional<time_point> time = {}) {
        return add({detail::octets(json), json.size()}, PLSM_ITEM_JSON, tags, time);
    }
    /// Adds data as a Lite3 document.
    batch &lite3_data(bytes_view data, const tag_list *tags = nullptr, std::optional<time_point> time = {}) {
        return add(data, PLSM_ITEM_LITE3_DATA, tags, time);
    }
    /// Adds a whole message as a Lite3 document, tags included.
    batch &lite3_document(bytes_view document, std::optional<time_point> time = {}) {
        return add(document, PLSM_ITEM_LITE3_DOCUMENT, nullptr, time);
    }
    /// Takes all messages out, and keeps the room.
    void clear() noexcept {
        items_.clear();
        refused_.reset();
    }
    /// How many messages.
    std::size_t size() const noexcept { return items_.size(); }
    /// Whether there are none.
    bool empty() const noexcept { return items_.empty(); }
    /// The form of the C interface.
    const plsm_batch_item_t *data() const noexcept { return items_.data(); }
    /// Whether each message can have the time that was given for it; error_kind::usage names the first that cannot.
    result<void> try_check() const {
        if (refused_) return *refused_;
        return {};
    }

private:
    batch &add(bytes_view bytes, std::uint32_t encoding, const tag_list *tags, std::optional<time_point> time) {
        plsm_batch_item_t item{};
        item.data = bytes.data();
        item.len = bytes.size();
        item.encoding = encoding;
        if (tags != nullptr) {
            item.tags = tags->data();
            item.tags_len = tags->size();
        }
        if (time) {
            const auto ns = detail::own_ns(*time);
            if (!ns && !refused_) {
                const std::string where = "item " + std::to_string(items_.size()) + " of the batch (from 0): ";
                refused_ = error(error_kind::usage, where + ns.error().message());
            }
            item.has_timestamp = 1;
            item.timestamp_ns = ns ? *ns : 0;
        }
        items_.push_back(item);
        return *this;
    }

    std::vector<plsm_batch_item_t> items_{};
    std::optional<error> refused_{};
};

/// Room reserved in a pool for data as Lite3. Holds the pool's writer lock: other writers, also other calls of this
/// thread, wait until it is committed, or gone.
class reservation : public detail::owner<plsm_reservation_t, plsm_reservation_abort> {
public:
    /// Takes over a handle of the C interface and its room.
    reservation(plsm_reservation_t *handle, std::uint8_t *payload, std::size_t size) noexcept
        : owner(handle), payload_(payload), size_(size) {}

    /// The room, to be written until the commit.
    std::uint8_t *data() const noexcept { return *this ? payload_ : nullptr; }
    /// How many bytes.
    std::size_t size() const noexcept { return *this ? size_ : 0; }

    /// Publishes what was written. Uses the reservation up, also when it fails. error_kind::corrupt: no Lite3.
    result<receipt> try_commit() {
        plsm_receipt_t out{};
        plsm_error_t *failure = nullptr;
        if (plsm_reservation_commit(release(), &out, &failure) != 0) return detail::take(failure);
        return receipt{out.seq, out.timestamp_ns};
    }
    /// See try_commit.
    receipt commit() { return try_commit().value(); }

private:
    std::uint8_t *payload_;
    std::size_t size_;
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
