package main

import plasmite "github.com/sandover/plasmite/bindings/go/local"

func main() {
	client, _ := plasmite.NewClient("./data")
	pool, _ := client.CreatePool(plasmite.PoolRefName("events"), 1024*1024)
	pool.Append(map[string]any{"sensor": "temp", "value": 23.5}, nil, plasmite.DurabilityFast)
}
