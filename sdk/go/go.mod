module github.com/sandover/plasmite/bindings/go

go 1.22
