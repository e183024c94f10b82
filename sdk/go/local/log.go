package local

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
)

var logger atomic.Pointer[slog.Logger]

// SetLogger sends the library's rare log lines (repairs, failures that no call could report) to a logger, for the whole
// process; nil turns them off, as they are at first. The logger is called from whatever thread has something to say,
// on a goroutine of its own, and must not use this package. A panic of its handler goes to standard error, and ends nothing.
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

// The callers are frames of the library, perhaps with a pool locked, which neither a panic nor runtime.Goexit must cut
// off: the one is caught, the other ends a goroutine of its own.
//
//export plasmiteGoLog
func plasmiteGoLog(level C.uint32_t, message *C.char) {
	to := logger.Load()
	if to == nil {
		return
	}
	text, done := C.GoString(message), make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if told := recover(); told != nil {
				fmt.Fprintf(os.Stderr, "plasmite: the logger panicked: %v\n%s", told, debug.Stack())
			}
		}()
		to.Log(context.Background(), slogLevels[level], text, slog.String("library", "plasmite"))
	}()
	<-done
}
