// Command prometheus runs the benchmark list on Prometheus' engine.
package main

import (
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/promqlite/promqlite/benches/peers/suite"
)

func main() {
	language := parser.NewParser(parser.Options{
		EnableExperimentalFunctions:  true,
		ExperimentalDurationExpr:     true,
		EnableExtendedRangeSelectors: true,
		EnableBinopFillModifiers:     true,
	})
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:               50_000_000,
		Timeout:                  2 * time.Minute,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		Parser:                   language,
	})
	suite.Main(suite.Peer{Name: "prometheus", Engine: engine, Parse: func(text string) error {
		_, err := language.ParseExpr(text)
		return err
	}})
}
