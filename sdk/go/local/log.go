package local

// #include "shim.h"
import "C"

import (
	"context"
	"log/slog"
	"sync/atomic"
)

var logger atomic.Pointer[slog.Logger]

// SetLogger sends the library's rare log lines (repairs, failures that no call could report) to a logger, for the whole
// process; nil turns them off, as they are at first. The logger is called from whatever thread has something to say,
// and must not use this package.
func SetLogger(to *slog.Logger) {
	logger.Store(to)
	level := C.uint32_t(0)
	if to != nil {
		level = C.PLSM_LOG_INFO
	}
	C.plsmgo_log_set(level)
}

var slogLevels = map[C.uint32_t]slog.Level{
	C.PLSM_LOG_ERROR: slog.LevelError,
	C.PLSM_LOG_WARN:  slog.LevelWarn,
	C.PLSM_LOG_INFO:  slog.LevelInfo,
}

//export plasmiteGoLog
func plasmiteGoLog(level C.uint32_t, message *C.char) {
	if to := logger.Load(); to != nil {
		to.Log(context.Background(), slogLevels[level], C.GoString(message), slog.String("library", "plasmite"))
	}
}
