package local

// #include "shim.h"
import "C"

// InstallGuard makes access to a pool file that somebody truncated ErrCorrupt, instead of the end of the process: a
// handler of SIGBUS, installed once, that leaves other faults to Go.
func InstallGuard() error {
	var failure *C.plsm_error_t
	return checked(C.plsm_guard_install(&failure), failure)
}
