module example.com/soak

go 1.22

require github.com/sandover/plasmite/bindings/go v1.0.0

replace github.com/sandover/plasmite/bindings/go => ../../sdk/go
