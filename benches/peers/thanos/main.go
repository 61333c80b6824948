// Command thanos runs the benchmark list on Thanos' engine.
package main

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/thanos-io/promql-engine/engine"

	"github.com/promqlite/promqlite/benches/peers/suite"
)

// without leaves out the options of a query, which this engine does not take as a nil interface.
type without struct{ *engine.Engine }

func (e without) NewInstantQuery(ctx context.Context, q storage.Queryable, _ promql.QueryOpts, text string, at time.Time) (promql.Query, error) {
	return e.Engine.NewInstantQuery(ctx, q, promql.NewPrometheusQueryOpts(false, 0), text, at)
}

func (e without) NewRangeQuery(ctx context.Context, q storage.Queryable, _ promql.QueryOpts, text string, start, end time.Time, step time.Duration) (promql.Query, error) {
	return e.Engine.NewRangeQuery(ctx, q, promql.NewPrometheusQueryOpts(false, 0), text, start, end, step)
}

func main() {
	parser.EnableExperimentalFunctions = true
	parser.ExperimentalDurationExpr = true
	parser.EnableExtendedRangeSelectors = true
	e := engine.New(engine.Opts{EngineOpts: promql.EngineOpts{
		MaxSamples:               50_000_000,
		Timeout:                  2 * time.Minute,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
	}})
	suite.Main(suite.Peer{Name: "thanos", Engine: without{e}, Parse: func(text string) error {
		_, err := parser.ParseExpr(text)
		return err
	}})
}
