// Package local reads and writes the pools of this machine, and those of servers, through libplasmite. Import it as
// plasmite:
//
//	import plasmite "github.com/sandover/plasmite/bindings/go/local"
//
//	client, _ := plasmite.NewClient("./data")
//	pool, _ := client.CreatePool(plasmite.PoolRefName("events"), 1024*1024)
//	pool.Append(map[string]any{"sensor": "temp", "value": 23.5}, nil, plasmite.DurabilityFast)
//
// # Building
//
// The package is cgo. It asks pkg-config for "plasmite", so the library, its header and plasmite.pc have to be
// installed. The tag plasmite_static links the static library instead of the shared one.
//
// # Threads
//
// Every handle may be used by any number of goroutines at once, and must not be copied. Close ends what waits on
// the handle, waits until it has returned, and may be called again. Handles that were forgotten are closed when
// they are collected, which is a net and no plan. A call that waits for messages occupies a thread of the
// system; use [WaitAny] to wait for many pools with one.
//
// # Contexts
//
// A wait ends with ctx.Err() the moment the context does; nothing is lost by that, and the next call goes on where
// this one stood. Appends wait for other writers only: there a context's deadline shortens the wait.
//
// # Servers
//
// Wherever a pool is named, http://host:9700/events names a pool of a server (pls serve), and [NewRemoteClient] makes a
// client of one. Each call but those of open tails is a request then, and occupies a thread until it is answered or its
// time is over ([WithRequestTimeout]). A context is looked at before a request, and its deadline shortens the
// wait for other writers, but it does not break a request off: whether the server carries it out could then not be
// told. Tails are different: their waits end with the context, wherever the pool is; they connect again by themselves and go
// on where they stood.
//
// # Errors
//
// Errors of the library are of type [*Error]; errors.Is tells their kind ([ErrNotFound], or [io/fs.ErrNotExist]).
// The end of a tail is [io.EOF].
//
// # Processes
//
// A child made by fork without exec (which Go itself never does) may use pools, but no tail. Helper processes
// made by os/exec share nothing and open pools by themselves.
package local
