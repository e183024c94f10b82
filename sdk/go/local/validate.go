package local

// #include "shim.h"
import "C"

import (
	"context"

	"github.com/sandover/plasmite/bindings/go/api"
)

// ValidateOptions say how pools are examined.
type ValidateOptions struct {
	// OnProgress is told, now and then, how far it has come.
	OnProgress func(Progress)
}

// Validate examines a pool: everything a reader relies on. It writes nothing, also works on pools in use, and takes time
// in proportion to the messages. Damage is in the report, not an error. ErrNotFound: no such pool.
func (c *Client) Validate(ctx context.Context, ref PoolRef, options ...ValidateOptions) (*Report, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	var doctor *C.plsm_doctor_t
	err := c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
		var failure *C.plsm_error_t
		return checked(C.plsm_doctor_open(client, ref, &doctor, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	reports, err := examine(ctx, doctor, options)
	if err != nil {
		return nil, err
	}
	return &reports[0], nil
}

// ValidateAll examines every pool of the directory, by name.
func (c *Client) ValidateAll(ctx context.Context, options ...ValidateOptions) ([]Report, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	client, err := c.enter()
	if err != nil {
		return nil, err
	}
	var doctor *C.plsm_doctor_t
	var failure *C.plsm_error_t
	status := C.plsm_doctor_open(client, nil, &doctor, &failure)
	c.leave()
	if err := checked(status, failure); err != nil {
		return nil, err
	}
	return examine(ctx, doctor, options)
}

// examine looks at a few MiB at a time, so that the end of the context is noticed, and frees the doctor, which needs
// its client no longer: that is not held meanwhile, so OnProgress may use it, and close it.
func examine(ctx context.Context, doctor *C.plsm_doctor_t, options []ValidateOptions) ([]Report, error) {
	const atOnce = 4 << 20
	defer C.plsm_doctor_free(doctor)
	var failure *C.plsm_error_t
	for more := C.int(1); more == 1; {
		told := C.plsm_doctor_progress_t{struct_size: C.sizeof_plsm_doctor_progress_t}
		more = C.plsm_doctor_step(doctor, atOnce, &told, &failure)
		if err := checked(more, failure); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, option := range options {
			if option.OnProgress != nil {
				option.OnProgress(Progress{
					PoolsDone: uint64(told.pools_done), Pools: uint64(told.pools),
					BytesDone: uint64(told.bytes_done), Bytes: uint64(told.bytes), Path: C.GoString(told.path),
				})
			}
		}
	}
	reports := make([]Report, int(C.plsm_doctor_report_count(doctor)))
	for i := range reports {
		var err error
		if reports[i], err = reportOf(doctor, C.size_t(i)); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

var statuses = map[C.uint32_t]api.ReportStatus{
	C.PLSM_DOCTOR_OK:         ReportOK,
	C.PLSM_DOCTOR_CORRUPT:    ReportCorrupt,
	C.PLSM_DOCTOR_UNREADABLE: ReportUnreadable,
}

func reportOf(doctor *C.plsm_doctor_t, index C.size_t) (Report, error) {
	told := C.plsm_doctor_report_t{struct_size: C.sizeof_plsm_doctor_report_t}
	var failure *C.plsm_error_t
	if err := checked(C.plsm_doctor_report(doctor, index, &told, &failure), failure); err != nil {
		return Report{}, err
	}
	report := Report{
		PoolRef: C.GoString(told.pool_ref), Path: C.GoString(told.path), Status: statuses[told.status],
		IssueCount: uint64(told.issue_count), Issues: []Issue{}, Hints: []string{}, Bounds: boundsOf(told.bounds),
		CheckedBytes: uint64(told.checked_bytes), CheckedSlots: uint64(told.checked_slots),
	}
	if told.has_last_good_seq != 0 {
		report.LastGoodSeq = pointerTo(told.last_good_seq)
	}
	for i := C.size_t(0); i < C.size_t(told.issues_listed); i++ {
		found := C.plsm_doctor_issue_t{struct_size: C.sizeof_plsm_doctor_issue_t}
		if err := checked(C.plsm_doctor_issue(doctor, index, i, &found, &failure), failure); err != nil {
			return Report{}, err
		}
		issue := Issue{
			Code: C.GoString(found.code), Finding: C.GoString(found.finding),
			Message: C.GoString(found.message), Advice: C.GoString(found.advice),
		}
		if found.has_seq != 0 {
			issue.Seq = pointerTo(found.seq)
		}
		if found.has_offset != 0 {
			issue.Offset = pointerTo(found.offset)
		}
		report.Issues = append(report.Issues, issue)
	}
	for i := C.size_t(0); i < C.size_t(told.hint_count); i++ {
		report.Hints = append(report.Hints, C.GoString(C.plsm_doctor_hint(doctor, index, i)))
	}
	return report, nil
}

func pointerTo(number C.uint64_t) *uint64 {
	copied := uint64(number)
	return &copied
}
