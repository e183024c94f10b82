module github.com/sandover/plasmite/bindings/go/tests

go 1.22

require (
	github.com/sandover/plasmite/bindings/go v1.0.0
	go.uber.org/goleak v1.3.0
)

replace github.com/sandover/plasmite/bindings/go => ../
