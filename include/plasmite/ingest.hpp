/// @file
/// Ingest: input of any common form, pushed in pieces, cut into records; and their way into a pool.
#ifndef PLASMITE_INGEST_HPP
#define PLASMITE_INGEST_HPP

#include <plasmite/pool.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// What an input looks like.
enum class ingest_mode : std::uint32_t {
    automatic = PLSM_INGEST_AUTO,    ///< Decided by the first bytes.
    json_lines = PLSM_INGEST_JSONL,  ///< A record is a line.
    json = PLSM_INGEST_JSON,         ///< The whole input is one record.
    sequence = PLSM_INGEST_SEQ,      ///< JSON text sequences, RFC 7464.
    values = PLSM_INGEST_VALUES,     ///< Values one after another, over any number of lines.
    events = PLSM_INGEST_EVENTS      ///< Server-sent events.
};

/// What an ingest has to say.
enum class ingest_step : int {
    more = PLSM_INGEST_MORE,        ///< More input is needed, or its end.
    record = PLSM_INGEST_RECORD,    ///< A record.
    fault = PLSM_INGEST_FAULT,      ///< A bad record.
    end = PLSM_INGEST_END           ///< The input has ended, or the reading after a fault. Stays so.
};

/// Why a record is a bad one.
enum class ingest_fault : std::uint32_t {
    none = 0,                           ///< It is a good one.
    parse = PLSM_INGEST_PARSE,          ///< It is not JSON that pools can keep.
    oversize = PLSM_INGEST_OVERSIZE     ///< It is larger than the options allow, or than the pool can hold.
};

/// How an input is read.
struct ingest_options {
    ingest_mode mode = ingest_mode::automatic;  ///< What it looks like.
    bool skip = false;                          ///< Go on behind a bad record. Else the first one ends the reading.
    bool copy = false;                          ///< ingest::append stores complete messages with their data and tags.
    std::uint64_t max_record = 0;               ///< The largest record in bytes; 0 means 256 MiB.
};

/// A record or a bad record. Its texts are borrowed from the ingest until the next call on it.
struct ingest_item {
    ingest_step step = ingest_step::more;       ///< What it is; the rest counts for record and fault only.
    std::uint64_t index = 0;                    ///< Its number from 1; bad records count.
    std::uint64_t line = 0;                     ///< The line on which it starts, from 1.
    std::uint64_t offset = 0;                   ///< The byte at which it starts, from 0.
    std::string_view text{};                    ///< The JSON text; of a bad one its first bytes.
    ingest_mode mode = ingest_mode::automatic;  ///< What the input looks like.
    ingest_fault fault = ingest_fault::none;    ///< Why it is a bad one.
    std::optional<plasmite::error> error{};     ///< What is wrong with a bad one; its offset is a byte of the input.
    std::string_view copied_tags{};             ///< Tags of a message that was copied, a JSON array.
    plasmite::receipt receipt{};                ///< What ingest::append has stored.
};

/// An input being read: pushed in pieces, taken as records, each the moment its last byte was pushed.
class ingest : public detail::owner<plsm_ingest_t, plsm_ingest_free> {
public:
    /// Takes over a handle of the C interface.
    explicit ingest(plsm_ingest_t *handle) noexcept : owner(handle) {}
    /// Begins to read; throws as value() of try_new does.
    explicit ingest(const ingest_options &options = {}) : ingest(try_new(options).value()) {}

    /// Begins to read an input that has yet to come.
    static result<ingest> try_new(const ingest_options &options = {}) {
        plsm_ingest_options_t raw = PLSM_INGEST_OPTIONS_INIT;
        raw.mode = static_cast<std::uint32_t>(options.mode);
        raw.flags = (options.skip ? PLSM_INGEST_SKIP : 0u) | (options.copy ? PLSM_INGEST_COPY : 0u);
        raw.max_record = options.max_record;
        plsm_ingest_t *handle = nullptr;
        plsm_error_t *failure = nullptr;
        if (plsm_ingest_new(&raw, &handle, &failure) != 0) return detail::take(failure);
        return ingest(handle);
    }

    /// Gives it a piece of the input, of any size. Take every record before the next piece.
    result<void> try_push(bytes_view input) {
        return detail::run([&](auto **err) { return plsm_ingest_push(native_handle(), input.data(), input.size(), err); });
    }
    /// See try_push.
    void push(bytes_view input) { try_push(input).value(); }

    /// Tells it that the input has ended: what is left becomes a last record or a bad one.
    result<void> try_finish() {
        return detail::run([&](auto **err) { return plsm_ingest_finish(native_handle(), err); });
    }
    /// See try_finish.
    void finish() { try_finish().value(); }

    /// The next record, checked to be a JSON value that pools can keep.
    result<ingest_item> try_next() {
        plsm_ingest_item_t raw{};
        plsm_error_t *failure = nullptr;
        const int answer = plsm_ingest_next(native_handle(), &raw, &failure);
        if (answer < 0) return detail::take(failure);
        return item(answer, raw, {});
    }
    /// See try_next.
    ingest_item next() { return try_next().value(); }

    /// Appends the next record to a pool; its text is parsed once, by the append. After an error, which is never the
    /// record's fault, the next call tries the same record again, unless error::maybe_written says otherwise.
    result<ingest_item> try_append(const pool &to, const append_options &options = {}) {
        const auto how = options.native();
        if (!how) return how.error();
        plsm_ingest_item_t raw{};
        plsm_receipt_t stored{};
        plsm_error_t *failure = nullptr;
        const int answer = plsm_ingest_append(native_handle(), to.native_handle(), &*how, &raw, &stored, &failure);
        if (answer < 0) return detail::take(failure);
        return item(answer, raw, {stored.seq, stored.timestamp_ns});
    }
    /// See try_append.
    ingest_item append(const pool &to, const append_options &options = {}) { return try_append(to, options).value(); }

    /// How many good and bad records it has given so far.
    result<plsm_ingest_counts_t> try_counts() const {
        plsm_ingest_counts_t out{};
        plsm_error_t *failure = nullptr;
        if (plsm_ingest_count(native_handle(), &out, &failure) != 0) return detail::take(failure);
        return out;
    }
    /// See try_counts.
    plsm_ingest_counts_t counts() const { return try_counts().value(); }

private:
    static ingest_item item(int answer, const plsm_ingest_item_t &raw, const receipt &stored) {
        ingest_item out;
        out.step = static_cast<ingest_step>(answer);
        if (out.step != ingest_step::record && out.step != ingest_step::fault) return out;
        out.index = raw.index;
        out.line = raw.line;
        out.offset = raw.offset;
        out.text = detail::text(raw.text);
        out.mode = static_cast<ingest_mode>(raw.mode);
        out.fault = static_cast<ingest_fault>(raw.fault);
        if (raw.error != nullptr) out.error = detail::copy(raw.error);
        out.copied_tags = detail::text(raw.copied_tags);
        out.receipt = stored;
        return out;
    }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
