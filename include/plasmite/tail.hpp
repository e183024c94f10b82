/// @file
/// A tail: the messages of a pool, one after the other, as they come.
#ifndef PLASMITE_TAIL_HPP
#define PLASMITE_TAIL_HPP

#include <plasmite/tail_options.hpp>
#include <plasmite/view.hpp>

#if defined(__has_include)
#if __has_include(<stop_token>) && __cplusplus >= 202002L
#include <stop_token>
#endif
#endif

namespace plasmite {
inline namespace PLASMITE_ABI {

/// What a tail answers.
enum class outcome : int {
    end = PLSM_NEXT_END,             ///< No more: the maximum, the end seq, or the snapshot's newest message. Stays so.
    message = PLSM_NEXT_MESSAGE,     ///< A message.
    timeout = PLSM_NEXT_TIMEOUT,     ///< No message within the call's wait.
    gap = PLSM_NEXT_GAP,             ///< Messages are missing. The next call goes on behind them.
    cancelled = PLSM_NEXT_CANCELLED, ///< The tail was cancelled.
    deadline = PLSM_NEXT_DEADLINE    ///< The tail's timeout has passed. Stays so.
};

/// Missing messages.
struct gap {
    std::uint64_t first = 0; ///< The first missing seq.
    std::uint64_t last = 0;  ///< The last missing seq.
    std::uint64_t count = 0; ///< How many are missing.
};

/// What a tail has done so far.
struct tail_stats {
    std::uint64_t delivered = 0; ///< How many messages it delivered.
    std::uint64_t dropped = 0;   ///< How many were overwritten before, counted before the filters.
    std::uint64_t next_seq = 0;  ///< The seq it will look at next.
};

/// One answer of a tail: true when it is a message. `while (auto next = tail.next()) use(*next);`
template <class Item> class step {
public:
    /// What it is.
    plasmite::outcome outcome() const noexcept { return outcome_; }
    /// Whether it is a message.
    explicit operator bool() const noexcept { return outcome_ == outcome::message; }
    /// The message; only when there is one.
    const Item &operator*() const noexcept { return item_; }
    /// The message; only when there is one.
    const Item *operator->() const noexcept { return &item_; }

private:
    friend class tail;
    explicit step(plasmite::outcome what, Item item = Item()) noexcept : outcome_(what), item_(item) {}

    plasmite::outcome outcome_;
    Item item_;
};

/// Views that tail::next_views has filled. Keep one and use it again: then nothing is allocated.
class view_batch {
public:
    /// Room for so many views.
    explicit view_batch(std::size_t room) : views_(room) {}

    /// How many there are.
    std::size_t size() const noexcept { return count_; }
    /// Whether there are none.
    bool empty() const noexcept { return count_ == 0; }
    /// How many there is room for.
    std::size_t room() const noexcept { return views_.size(); }
    /// One of them, from 0.
    view operator[](std::size_t index) const noexcept { return view(views_[index]); }

    /// Walks through views.
    class iterator {
    public:
        /// At this view.
        explicit iterator(const plsm_view_t *at) noexcept : at_(at) {}
        /// The view here.
        view operator*() const noexcept { return view(*at_); }
        /// Goes on.
        iterator &operator++() noexcept { return ++at_, *this; }
        /// Whether both are at the same place.
        bool operator==(const iterator &other) const noexcept { return at_ == other.at_; }
        /// Whether they are not.
        bool operator!=(const iterator &other) const noexcept { return at_ != other.at_; }

    private:
        const plsm_view_t *at_;
    };

    /// The first.
    iterator begin() const noexcept { return iterator(views_.data()); }
    /// Behind the last.
    iterator end() const noexcept { return iterator(views_.data() + count_); }

private:
    friend class tail;
    std::vector<plsm_view_t> views_;
    std::size_t count_ = 0;
};

/// The messages of a pool in order, each at most once; outlives its pool. What it lends is good until the next call on
/// it. Several threads may share one, each message then goes to one of them.
///
/// `for (const plasmite::view &message : pool.tail()) ...` waits for each message, passes over gaps and ends with
/// the tail, or when another thread calls cancel. A loop that is left stands behind the message it was left at. Not so
/// behind std::views::take, which waits for one more than it shows: leave the loop, or give tail_options::max.
class tail : public detail::owner<plsm_stream_t, plsm_stream_free> {
public:
    /// Takes over a handle of the C interface.
    explicit tail(plsm_stream_t *handle) noexcept : owner(handle) {}

    /// The next message, waiting at most so long. error_kind::not_found: the pool was deleted or replaced;
    /// error_kind::retention_gap: under that policy. Nothing is allocated.
    result<step<view>> try_next(wait_limit wait = forever) {
        step<view> next(outcome::message);
        plsm_error_t *failure = nullptr;
        const int answer = plsm_stream_next_view(native_handle(), wait.ms(), next.item_.slot(), &failure);
        if (answer < 0) return detail::take(failure);
        next.outcome_ = static_cast<outcome>(answer);
        return next;
    }
    /// See try_next.
    step<view> next(wait_limit wait = forever) { return try_next(wait).value(); }

    /// The next message whole as JSON: the fastest way to text.
    result<step<std::string_view>> try_next_json(wait_limit wait = forever) {
        plsm_bytes_t json{};
        plsm_error_t *failure = nullptr;
        const int answer = plsm_stream_next_json(native_handle(), wait.ms(), &json, &failure);
        if (answer < 0) return detail::take(failure);
        return step<std::string_view>(static_cast<outcome>(answer), detail::text(json));
    }
    /// See try_next_json.
    step<std::string_view> next_json(wait_limit wait = forever) { return try_next_json(wait).value(); }

    /// Fills `views` with as many messages as are there, and waits for the first only. outcome::message when there is
    /// at least one; all are good until the next call.
    result<outcome> try_next_views(view_batch &views, wait_limit wait = forever) {
        views.count_ = 0;
        plsm_error_t *failure = nullptr;
        const int answer = plsm_stream_next_views(native_handle(), wait.ms(), views.views_.data(), views.views_.size(),
                                                  &views.count_, &failure);
        if (answer < 0) return detail::take(failure);
        return static_cast<outcome>(answer);
    }
    /// See try_next_views.
    outcome next_views(view_batch &views, wait_limit wait = forever) { return try_next_views(views, wait).value(); }

    /// The last gap that was told as outcome::gap; all 0 when there was none.
    result<gap> try_last_gap() const {
        plsm_gap_t out{};
        plsm_error_t *failure = nullptr;
        if (plsm_stream_gap(native_handle(), &out, &failure) != 0) return detail::take(failure);
        return gap{out.first, out.last, out.count};
    }
    /// See try_last_gap.
    gap last_gap() const { return try_last_gap().value(); }

    /// What it has done so far.
    result<tail_stats> try_stats() const {
        plsm_stream_stats_t out{};
        plsm_error_t *failure = nullptr;
        if (plsm_stream_stats(native_handle(), &out, &failure) != 0) return detail::take(failure);
        return tail_stats{out.delivered, out.dropped, out.next_seq};
    }
    /// See try_stats.
    tail_stats stats() const { return try_stats().value(); }

    /// Ends a wait of another thread at once, and each later one until reset_cancel. Never waits itself; may be
    /// called from a signal handler. Join the waiting thread before this tail is closed.
    void cancel() const noexcept { plsm_stream_cancel(native_handle()); }
    /// Takes a cancel back: the tail goes on where it stood.
    void reset_cancel() const noexcept { plsm_stream_reset_cancel(native_handle()); }

    /// Goes on elsewhere; a tail that had ended, except by its timeout, goes on. Not for start::token.
    result<void> try_seek(const start &where) {
        return detail::run([&](auto **err) { return plsm_stream_seek(native_handle(), where.kind(), where.number(), err); });
    }
    /// See try_seek.
    void seek(const start &where) { try_seek(where).value(); }

    /// A short text that tells where it stands, for start::token: in this program or another, now or later.
    result<std::string> try_token() const {
        auto token = detail::fill([&](auto *out, auto **err) { return plsm_stream_token(native_handle(), out, err); });
        if (!token) return token.error();
        return token->str();
    }
    /// See try_token.
    std::string token() const { return try_token().value(); }

    /// A file descriptor for event loops, readable when a call would not wait. Take messages with no_wait until
    /// outcome::timeout before polling it. It belongs to the tail: do not read or close it.
    result<int> try_fd() const {
        int fd = -1;
        plsm_error_t *failure = nullptr;
        if (plsm_stream_fd(native_handle(), &fd, &failure) != 0) return detail::take(failure);
        return fd;
    }
    /// See try_fd.
    int fd() const { return try_fd().value(); }

    /// One pass over the messages, which waits for each.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag; ///< Of the standard library.
        using value_type = view;                           ///< What it shows.
        using difference_type = std::ptrdiff_t;            ///< Of the standard library.
        using pointer = const view *;                      ///< Of the standard library.
        using reference = const view &;                    ///< Of the standard library.

        /// The end.
        iterator() noexcept = default;
        /// At the next message of a tail.
        explicit iterator(tail &of) : tail_(&of) { ++*this; }
        /// The message here, good until the iterator goes on.
        const view &operator*() const noexcept { return view_; }
        /// The message here.
        const view *operator->() const noexcept { return &view_; }
        /// Waits for the next.
        iterator &operator++() {
            plsm_error_t *failure = nullptr;
            int answer = PLSM_NEXT_GAP;
            while (answer == PLSM_NEXT_GAP || answer == PLSM_NEXT_TIMEOUT)
                answer = plsm_stream_next_view(tail_->native_handle(), PLSM_WAIT_FOREVER, view_.slot(), &failure);
            if (answer < 0) detail::raise(detail::take(failure));
            if (answer != PLSM_NEXT_MESSAGE) tail_ = nullptr;
            return *this;
        }
        /// Waits for the next.
        void operator++(int) { ++*this; }
        /// Whether both are at the end, or neither is.
        bool operator==(const iterator &other) const noexcept { return (tail_ == nullptr) == (other.tail_ == nullptr); }
        /// Whether one of them is at the end.
        bool operator!=(const iterator &other) const noexcept { return !(*this == other); }

    private:
        tail *tail_ = nullptr;
        view view_{};
    };

    /// Waits for the next message.
    iterator begin() { return iterator(*this); }
    /// The end.
    iterator end() noexcept { return {}; }

#if defined(__cpp_lib_jthread)
    /// As try_next; a stop of the token cancels the tail (see cancel).
    result<step<view>> try_next(const std::stop_token &token, wait_limit wait = forever) {
        const std::stop_callback on_stop(token, [this]() noexcept { cancel(); });
        return try_next(wait);
    }
    /// As next; a stop of the token cancels the tail (see cancel).
    step<view> next(const std::stop_token &token, wait_limit wait = forever) { return try_next(token, wait).value(); }

    /// The messages until a token is stopped: `for (auto &message : tail.until(token))`.
    class until_stopped {
    public:
        /// The messages of this tail.
        until_stopped(tail &of, const std::stop_token &token) : tail_(of), on_stop_(token, canceller{of}) {}
        /// Waits for the next message.
        iterator begin() { return tail_.begin(); }
        /// The end.
        iterator end() noexcept { return {}; }

    private:
        struct canceller {
            tail &of;
            void operator()() const noexcept { of.cancel(); }
        };
        tail &tail_;
        std::stop_callback<canceller> on_stop_;
    };

    /// The messages until this token is stopped, which cancels the tail (see cancel).
    until_stopped until(const std::stop_token &token) { return until_stopped(*this, token); }
#endif
};

/// Waits until the next call on one of the tails would not wait, and tells its index; nothing when time is up. Takes
/// nothing from any of them, which may be of different pools. error_kind::usage: no tails.
inline result<std::optional<std::size_t>> try_wait_any(const std::vector<const tail *> &tails, wait_limit wait = forever) {
    std::vector<plsm_stream_t *> handles;
    handles.reserve(tails.size());
    for (const tail *each : tails) handles.push_back(each != nullptr ? each->native_handle() : nullptr);
    std::size_t index = 0;
    plsm_error_t *failure = nullptr;
    const int answer = plsm_wait_any(handles.data(), handles.size(), wait.ms(), &index, &failure);
    if (answer < 0) return detail::take(failure);
    return answer == 1 ? std::optional<std::size_t>(index) : std::nullopt;
}
/// See try_wait_any: `wait_any({&one, &other}, 5s)`.
inline std::optional<std::size_t> wait_any(const std::vector<const tail *> &tails, wait_limit wait = forever) {
    return try_wait_any(tails, wait).value();
}

/// A reader of messages as Lite3 documents.
class lite3_tail : public detail::owner<plsm_lite3_stream_t, plsm_lite3_stream_free> {
public:
    /// Takes over a handle of the C interface.
    explicit lite3_tail(plsm_lite3_stream_t *handle) noexcept : owner(handle) {}

    /// Waits for the next message; nothing at the end. error_kind::usage with the seq: Lite3 cannot hold that
    /// message; the next call goes on with the one after.
    result<std::optional<lite3_frame>> try_next() {
        plsm_lite3_frame_t frame{};
        plsm_error_t *failure = nullptr;
        const int answer = plsm_lite3_stream_next(native_handle(), &frame, &failure);
        if (answer < 0) return detail::take(failure);
        return answer == 1 ? std::optional<lite3_frame>(lite3_frame(frame)) : std::nullopt;
    }
    /// See try_next.
    std::optional<lite3_frame> next() { return try_next().value(); }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
