package suite

import (
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// answer is the digest that all engines must agree on; see crates/bench/src/answer.rs.
type answer struct {
	Series     uint64  `json:"series"`
	Samples    uint64  `json:"samples"`
	NaNs       uint64  `json:"nans"`
	Infinities uint64  `json:"infinities"`
	Total      float64 `json:"total"`
	Magnitude  float64 `json:"magnitude"`
}

func digest(value parser.Value) (answer, error) {
	var a answer
	switch v := value.(type) {
	case promql.Scalar:
		a.Series = 1
		a.sample(v.V)
	case promql.Vector:
		a.Series = uint64(len(v))
		for _, s := range v {
			a.either(s.F, s.H)
		}
	case promql.Matrix:
		a.Series = uint64(len(v))
		for _, s := range v {
			for _, p := range s.Floats {
				a.sample(p.F)
			}
			for _, p := range s.Histograms {
				a.histogram(p.H)
			}
		}
	default:
		return a, fmt.Errorf("no digest of a %T", value)
	}
	return a, nil
}

func (a *answer) either(f float64, h *histogram.FloatHistogram) {
	if h != nil {
		a.histogram(h)
	} else {
		a.sample(f)
	}
}

func (a *answer) sample(f float64) {
	a.Samples++
	a.part(f)
}

func (a *answer) part(f float64) {
	switch {
	case math.IsNaN(f):
		a.NaNs++
	case math.IsInf(f, 0):
		a.Infinities++
	default:
		a.Total += f
		a.Magnitude += math.Abs(f)
	}
}

func (a *answer) histogram(h *histogram.FloatHistogram) {
	a.Samples++
	a.part(h.Count)
	a.part(h.Sum)
	a.part(h.ZeroCount)
	for _, v := range h.PositiveBuckets {
		a.part(v)
	}
	for _, v := range h.NegativeBuckets {
		a.part(v)
	}
}

// agrees compares counts exactly and totals within 1e-9 of the magnitude, since additions run in another order.
func (a answer) agrees(b answer) bool {
	tolerance := 1e-9 * max(a.Magnitude, b.Magnitude, 1e-300)
	return a.Series == b.Series && a.Samples == b.Samples && a.NaNs == b.NaNs && a.Infinities == b.Infinities &&
		math.Abs(a.Total-b.Total) <= tolerance
}
