/// @file
/// Plasmite for C++17 and later: JSON messages between processes through *pools*, bounded ring-buffer files on disk.
///
/// @code
/// plasmite::client client("./data");
/// plasmite::pool pool = client.ensure("events");
/// pool.append(R"({"sensor": "temp", "value": 23.5})");
/// for (const plasmite::view &message : pool.tail())
///     std::cout << message.seq() << ' ' << message.f64("value").value_or(0) << '\n';
/// @endcode
///
/// A thin layer of headers over plasmite.h, which says how everything behaves. Link with libplasmite: there is
/// nothing else to build.
///
/// - **Ownership.** Each handle has a move-only class whose destructor frees it; close() frees it sooner. A closed or
///   moved-from object answers every call with error_kind::usage. Tails outlive pools, pools clients.
/// - **Borrowing.** A view, a std::string_view and a bytes_view point into what they came from, and say how long they
///   are good.
/// - **Errors.** Each fallible call comes twice: `x()` throws plasmite::exception (or the subclass of its kind), and
///   `try_x()` answers a plasmite::result, in the manner of std::expected. Without exceptions use try_x(): x() then
///   prints the error and aborts. RTTI is not needed.
/// - **Threads.** Every handle may be used by any number of threads at once, but for close, moves and destruction.
///   Views and values are plain data.
/// - **Waits** take any std::chrono duration, plasmite::no_wait or plasmite::forever; tail::cancel ends them from
///   another thread, and under C++20 a std::stop_token does.
#ifndef PLASMITE_HPP
#define PLASMITE_HPP

#include <plasmite/append.hpp>
#include <plasmite/bytes.hpp>
#include <plasmite/client.hpp>
#include <plasmite/client_options.hpp>
#include <plasmite/doctor.hpp>
#include <plasmite/error.hpp>
#include <plasmite/filter.hpp>
#include <plasmite/ingest.hpp>
#include <plasmite/library.hpp>
#include <plasmite/pool.hpp>
#include <plasmite/replay.hpp>
#include <plasmite/result.hpp>
#include <plasmite/tail.hpp>
#include <plasmite/tail_options.hpp>
#include <plasmite/time.hpp>
#include <plasmite/value.hpp>
#include <plasmite/view.hpp>

#endif
