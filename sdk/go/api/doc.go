// Package api holds the types that every Go client of Plasmite speaks: messages, errors, options and the
// interfaces of clients, pools and streams. It is pure Go, so code that only passes these around builds
// without cgo. Package local implements the interfaces on the pools of this machine.
//
// Times are [time.Time] in UTC with nanoseconds, waits are [time.Duration], sizes are bytes, and a seq is the
// number of a message in its pool, from 1.
package api

// Version is the version of this module, and of the library it was made for.
const Version = "1.0.0"
