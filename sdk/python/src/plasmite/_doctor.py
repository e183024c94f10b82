"""Examines pools."""

from __future__ import annotations

from typing import Any

from ._binding import ffi, lib
from ._errors import fail, text
from ._info import Issue, PoolReport, bounds_of

# Bytes to look at in one call; between two calls Ctrl-C works.
_STEP = 8 << 20

_STATUS = {
    lib.PLSM_DOCTOR_OK: "ok",
    lib.PLSM_DOCTOR_CORRUPT: "corrupt",
    lib.PLSM_DOCTOR_UNREADABLE: "unreadable",
}


def examine(client: Any, pool_ref: bytes | None) -> list[PoolReport]:
    """Examines one pool, or all of the client's directory."""
    out, slot = ffi.new("plsm_doctor_t **"), ffi.new("plsm_error_t **")
    code = lib.plsm_doctor_open(client, ffi.NULL if pool_ref is None else pool_ref, out, slot)
    if code != 0:
        fail(code, slot)
    doctor = ffi.gc(out[0], lib.plsm_doctor_free)
    while (code := lib.plsm_doctor_step(doctor, _STEP, ffi.NULL, slot)) == 1:
        pass
    if code != 0:
        fail(code, slot)
    return [_report(doctor, index, slot) for index in range(lib.plsm_doctor_report_count(doctor))]


def _report(doctor: Any, index: int, slot: Any) -> PoolReport:
    report = ffi.new("plsm_doctor_report_t *")
    report.struct_size = ffi.sizeof("plsm_doctor_report_t")
    code = lib.plsm_doctor_report(doctor, index, report, slot)
    if code != 0:
        fail(code, slot)
    hints = (text(lib.plsm_doctor_hint(doctor, index, hint)) for hint in range(report.hint_count))
    return PoolReport(
        pool_ref=text(report.pool_ref) or "",
        path=text(report.path) or "",
        status=_STATUS.get(report.status, "corrupt"),
        bounds=bounds_of(report.bounds),
        last_good_seq=int(report.last_good_seq) if report.has_last_good_seq else None,
        issues=tuple(_issue(doctor, index, issue, slot) for issue in range(report.issues_listed)),
        issue_count=int(report.issue_count),
        hints=tuple(hint for hint in hints if hint),
        checked_bytes=int(report.checked_bytes),
        checked_slots=int(report.checked_slots),
    )


def _issue(doctor: Any, report: int, index: int, slot: Any) -> Issue:
    issue = ffi.new("plsm_doctor_issue_t *")
    issue.struct_size = ffi.sizeof("plsm_doctor_issue_t")
    code = lib.plsm_doctor_issue(doctor, report, index, issue, slot)
    if code != 0:
        fail(code, slot)
    return Issue(
        code=text(issue.code) or "",
        finding=text(issue.finding) or "",
        message=text(issue.message) or "",
        advice=text(issue.advice) or "",
        seq=int(issue.seq) if issue.has_seq else None,
        offset=int(issue.offset) if issue.has_offset else None,
    )
