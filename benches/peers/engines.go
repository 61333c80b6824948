package main

import (
	"fmt"

	"github.com/prometheus/prometheus/promql"
)

func newEngine(name string) (rangeEngine, error) {
	switch name {
	case "prometheus":
		return promql.NewEngine(prometheusOptions()), nil
	default:
		return nil, fmt.Errorf("no engine is called %q", name)
	}
}
