/// @file
/// Where a tail starts, what it delivers, and when it ends.
#ifndef PLASMITE_TAIL_OPTIONS_HPP
#define PLASMITE_TAIL_OPTIONS_HPP

#include <plasmite/filter.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// What a tail does when messages it was to deliver next have been overwritten.
enum class gap_policy : std::uint32_t {
    go_on = PLSM_GAP_CONTINUE, ///< Goes on with the oldest message that is still there.
    error = PLSM_GAP_ERROR,    ///< Fails with error_kind::retention_gap and is over.
    event = PLSM_GAP_EVENT     ///< Tells it as outcome::gap, then goes on.
};

/// Where a tail starts.
class start {
public:
    /// At the oldest message.
    static start oldest() noexcept { return {PLSM_START_OLDEST, 0}; }
    /// Behind the newest message: only what comes from now on.
    static start now() noexcept { return {PLSM_START_NOW, 0}; }
    /// At the last `count` messages that pass the filters.
    static start last(std::uint64_t count) noexcept { return {PLSM_START_LAST, count}; }
    /// At a seq; one in the future is waited for.
    static start seq(std::uint64_t seq) noexcept { return {PLSM_START_SEQ, seq}; }
    /// At the first message not older than this; a time before 1970 stands for 1970.
    static start at(time_point time) noexcept { return {PLSM_START_TIME, to_ns(time)}; }
    /// Where another tail stood when it gave this token.
    static start token(std::string_view token) {
        start here(PLSM_START_TOKEN, 0);
        here.token_ = token;
        return here;
    }

    /// The number of the C interface.
    std::uint32_t kind() const noexcept { return kind_; }
    /// The value that belongs to it.
    std::uint64_t number() const noexcept { return value_; }
    /// The token; empty for every other start.
    const std::string &token() const noexcept { return token_; }

private:
    start(std::uint32_t kind, std::uint64_t value) noexcept : kind_(kind), value_(value) {}

    std::uint32_t kind_;
    std::uint64_t value_;
    std::string token_{};
};

/// How a tail is opened: as it stands, the oldest message first, then wait for more, without end.
struct tail_options {
    /// Where it starts.
    plasmite::start start = plasmite::start::oldest();
    /// The last seq wanted; the lowest one when going backwards.
    std::optional<std::uint64_t> end_seq{};
    /// End after so many messages, counted after the filters.
    std::optional<std::uint64_t> max{};
    /// End (outcome::deadline) this long after opening, even when messages are waiting.
    std::optional<wait_limit> timeout{};
    /// What happens when messages are missing.
    gap_policy gap = gap_policy::go_on;
    /// Deliver only messages that have all these tags.
    tag_list tags{};
    /// Deliver only messages that match all these filters, which are asked after the tags. When one gives a number, a
    /// string, an array or an object, or goes beyond a limit (error_kind::usage, with the message's seq), the next call
    /// goes on behind that message.
    filter_list filters{};
    /// How long to look again and again before sleeping, at most a second: wakes sooner, keeps a CPU busy.
    std::chrono::microseconds spin{0};
    /// End at the newest message as of opening.
    bool snapshot = false;
    /// Deliver views into the pool's memory: faster; see view::is_valid.
    bool in_place = false;
    /// Deliver in descending seq, and never wait.
    bool backwards = false;
    /// Never be woken by writers: look again and again, with pauses.
    bool poll = false;

    /// The struct of the C interface; lives no longer than these options.
    plsm_tail_options_t native() const noexcept {
        plsm_tail_options_t raw = PLSM_TAIL_OPTIONS_INIT;
        raw.start = start.kind();
        raw.start_value = start.number();
        raw.token = start.kind() == PLSM_START_TOKEN ? start.token().c_str() : nullptr;
        raw.has_end = end_seq.has_value();
        raw.end_seq = end_seq.value_or(0);
        raw.has_max = max.has_value();
        raw.max_messages = max.value_or(0);
        raw.has_timeout = timeout.has_value();
        raw.timeout_ms = timeout ? timeout->ms() : 0;
        raw.gap_policy = static_cast<std::uint32_t>(gap);
        raw.tags = tags.data();
        raw.tags_len = tags.size();
        raw.filters = filters.data();
        raw.filters_len = filters.size();
        const auto most = static_cast<std::int64_t>(std::numeric_limits<std::uint32_t>::max());
        const std::int64_t micros = spin.count();
        raw.spin_us = static_cast<std::uint32_t>(micros < 0 ? 0 : micros > most ? most : micros);
        raw.flags = (snapshot ? PLSM_TAIL_SNAPSHOT : 0u) | (in_place ? PLSM_TAIL_IN_PLACE : 0u) |
                    (backwards ? PLSM_TAIL_BACKWARDS : 0u) | (poll ? PLSM_TAIL_POLL : 0u);
        return raw;
    }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
