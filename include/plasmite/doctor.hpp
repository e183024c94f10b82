/// @file
/// Examining pools: in slices, with reports.
#ifndef PLASMITE_DOCTOR_HPP
#define PLASMITE_DOCTOR_HPP

#include <plasmite/pool.hpp>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// How a pool is.
enum class doctor_status : std::uint32_t {
    ok = PLSM_DOCTOR_OK,                ///< Everything a reader relies on is in order.
    corrupt = PLSM_DOCTOR_CORRUPT,      ///< Something is damaged, or the pool has another format.
    unreadable = PLSM_DOCTOR_UNREADABLE ///< It could not be looked at; among the pools of a directory only.
};

/// One thing that is wrong with a pool, borrowed from the doctor.
struct doctor_issue {
    std::string_view code{};                ///< The broad class: "corrupt", "format", "permission" or "io".
    std::string_view finding{};             ///< What exactly, by a name that stays the same in all versions.
    std::string_view message{};             ///< In words, with the place.
    std::string_view advice{};              ///< What to do about it.
    std::optional<std::uint64_t> seq{};     ///< The message concerned, or the first of them.
    std::optional<std::uint64_t> offset{};  ///< Where in the file, in bytes.
};

/// What was found out about one pool, borrowed from the doctor.
struct doctor_report {
    doctor_status status = doctor_status::ok;       ///< How it is.
    std::string_view pool_ref{};                    ///< The reference as given; of a pool found, its path.
    std::string_view path{};                        ///< The path of its file.
    std::optional<std::uint64_t> last_good_seq{};   ///< Up to which, from the oldest on, all are intact.
    plasmite::bounds bounds{};                      ///< Oldest and newest intact message, and how many are intact.
    std::uint64_t issue_count = 0;                  ///< How many issues were found.
    std::vector<doctor_issue> issues{};             ///< The first 256 of them.
    std::vector<std::string_view> hints{};          ///< What to do; "warning: " begins what is no damage.
    std::uint64_t checked_bytes = 0;                ///< Bytes of messages looked at.
    std::uint64_t checked_slots = 0;                ///< Index slots compared with their messages.
};

/// How far a doctor has come. The path is borrowed from the doctor, and empty when all is done.
struct doctor_progress {
    std::uint64_t pools_done = 0;   ///< Pools done.
    std::uint64_t pools = 0;        ///< Pools in all.
    std::uint64_t bytes_done = 0;   ///< Bytes of files done.
    std::uint64_t bytes = 0;        ///< Bytes of files in all.
    std::string_view path{};        ///< The pool that is being looked at.
    bool more = true;               ///< Whether there is more to do.
};

/// An examination of one pool, or of all pools of a directory. Closed before it is done, it is cancelled.
class doctor : public detail::owner<plsm_doctor_t, plsm_doctor_free> {
public:
    /// Takes over a handle of the C interface.
    explicit doctor(plsm_doctor_t *handle) noexcept : owner(handle) {}

    /// Looks at about so many bytes more, 0 meaning all. error_kind::not_found: a single pool was deleted meanwhile.
    result<doctor_progress> try_step(std::uint64_t bytes) {
        plsm_doctor_progress_t raw = PLSM_DOCTOR_PROGRESS_INIT;
        plsm_error_t *failure = nullptr;
        const int answer = plsm_doctor_step(native_handle(), bytes, &raw, &failure);
        if (answer < 0) return detail::take(failure);
        return doctor_progress{raw.pools_done, raw.pools, raw.bytes_done, raw.bytes, detail::text(raw.path), answer == 1};
    }
    /// See try_step.
    doctor_progress step(std::uint64_t bytes) { return try_step(bytes).value(); }
    /// Looks at all that is left.
    void run() { step(0); }

    /// How many reports there are so far, one for each pool done.
    std::size_t size() const noexcept { return plsm_doctor_report_count(native_handle()); }
    /// The report on one pool, from 0; error_kind::usage: it is not done yet.
    result<doctor_report> try_report(std::size_t index) const {
        plsm_doctor_report_t raw = PLSM_DOCTOR_REPORT_INIT;
        plsm_error_t *failure = nullptr;
        if (plsm_doctor_report(native_handle(), index, &raw, &failure) != 0) return detail::take(failure);
        doctor_report out;
        out.status = static_cast<doctor_status>(raw.status);
        out.pool_ref = detail::text(raw.pool_ref);
        out.path = detail::text(raw.path);
        if (raw.has_last_good_seq != 0) out.last_good_seq = raw.last_good_seq;
        out.bounds = {raw.bounds.oldest, raw.bounds.newest, raw.bounds.count};
        out.issue_count = raw.issue_count;
        out.checked_bytes = raw.checked_bytes;
        out.checked_slots = raw.checked_slots;
        for (std::size_t i = 0; i < raw.issues_listed; i++) {
            plsm_doctor_issue_t issue = PLSM_DOCTOR_ISSUE_INIT;
            if (plsm_doctor_issue(native_handle(), index, i, &issue, &failure) != 0) return detail::take(failure);
            doctor_issue told{detail::text(issue.code), detail::text(issue.finding), detail::text(issue.message), detail::text(issue.advice), {}, {}};
            if (issue.has_seq != 0) told.seq = issue.seq;
            if (issue.has_offset != 0) told.offset = issue.offset;
            out.issues.push_back(told);
        }
        for (std::size_t i = 0; i < raw.hint_count; i++)
            out.hints.push_back(detail::text(plsm_doctor_hint(native_handle(), index, i)));
        return out;
    }
    /// See try_report.
    doctor_report report(std::size_t index) const { return try_report(index).value(); }

    /// The reports so far as the JSON object that `doctor --json` prints.
    result<buffer> try_json() const {
        return detail::fill([&](auto *out, auto **err) { return plsm_doctor_json(native_handle(), out, err); });
    }
    /// See try_json.
    buffer json() const { return try_json().value(); }
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
