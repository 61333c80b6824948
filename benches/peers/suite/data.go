package suite

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// database is a TSDB whose head holds one data set. The data are those of crates/bench/src/data.rs.
type database struct {
	*tsdb.DB
	name   string
	folder string
}

// block is a block's span: longer than any data set, so that all samples stay in the head.
const block = int64(800 * 24 * time.Hour / time.Millisecond)

const (
	rangeSamples = 8640 + 10000
	joinSamples  = 8640 + 5000
)

func load(name string) (*database, error) {
	folder, err := os.MkdirTemp("", "peers")
	if err != nil {
		return nil, err
	}
	opts := tsdb.DefaultOptions()
	opts.MinBlockDuration = block
	opts.MaxBlockDuration = block
	opts.RetentionDuration = 0
	opts.WALSegmentSize = -1
	db, err := tsdb.Open(folder, nil, nil, opts, tsdb.NewDBStats())
	if err != nil {
		return nil, err
	}
	d := &database{DB: db, name: name, folder: folder}
	switch name {
	case "empty":
	case "range":
		err = d.loadRange()
	case "joins":
		err = d.loadJoins()
	case "histograms":
		err = d.loadHistograms("native_histogram_series", nativeHistogram)
	case "custom_histograms":
		err = d.loadHistograms("custom_histogram_series", customHistogram)
	case "scale100k":
		err = d.loadScale(100_000)
	case "scale1m":
		err = d.loadScale(1_000_000)
	case "scale_rate":
		err = d.loadScaleRate()
	case "year":
		err = d.loadYear()
	default:
		err = fmt.Errorf("no data set is called %q", name)
	}
	if err != nil {
		return nil, err
	}
	db.ForceHeadMMap()
	return d, nil
}

func (d *database) close() {
	if d != nil {
		d.DB.Close()
		os.RemoveAll(d.folder)
	}
}

// floats appends samples of many series, time by time.
func (d *database) floats(series []labels.Labels, samples, stepMS int64, value func(i int, s int64) float64) error {
	refs := make([]storage.SeriesRef, len(series))
	for s := int64(0); s < samples; s++ {
		app := d.Appender(context.Background())
		for i, l := range series {
			ref, err := app.Append(refs[i], l, s*stepMS, value(i, s))
			if err != nil {
				return err
			}
			refs[i] = ref
		}
		if err := app.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) loadRange() error {
	var series []labels.Labels
	for _, size := range []struct {
		name string
		n    int
	}{{"one", 1}, {"ten", 10}, {"hundred", 100}} {
		for l := range size.n {
			with := func(metric string, more ...string) labels.Labels {
				pairs := append([]string{"__name__", metric + "_" + size.name}, more...)
				if size.n > 1 {
					pairs = append(pairs, "l", strconv.Itoa(l))
				}
				return labels.FromStrings(pairs...)
			}
			series = append(series, with("a"), with("b"))
			for le := range 10 {
				series = append(series, with("h", "le", strconv.Itoa(le)))
			}
			series = append(series, with("h", "le", "+Inf"))
		}
	}
	count := float64(len(series))
	err := d.floats(series, rangeSamples, 10_000, func(i int, s int64) float64 {
		return float64(s) + float64(i)/count
	})
	if err != nil {
		return err
	}
	for s := int64(0); s < rangeSamples; s++ {
		app := d.Appender(context.Background())
		l := labels.FromStrings("__name__", "sparse", "l", strconv.FormatInt(s/(rangeSamples/50), 10))
		if _, err := app.Append(0, l, s*10_000, float64(s)/count); err != nil {
			return err
		}
		if err := app.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func (d *database) loadJoins() error {
	var series []labels.Labels
	for _, metric := range []string{"rpc_request_success_total", "rpc_request_error_total"} {
		for i := range uint64(1000) {
			series = append(series, labels.FromStrings("__name__", metric, "cluster", "prod-west", "env", "production",
				"job", "rpc-frontend", "namespace", "frontend", "region", "us-west-1", "team", "edge", "instance", uuid(i)))
		}
	}
	return d.floats(series, joinSamples, 10_000, func(i int, s int64) float64 {
		return float64(s) + float64(i)/2000
	})
}

func uuid(i uint64) string {
	a, b := mix(2*i), mix(2*i+1)
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffff_ffff_ffff)
}

// mix is the finaliser of SplitMix64.
func mix(i uint64) uint64 {
	z := (i + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *database) loadHistograms(metric string, make func(s int64) *histogram.Histogram) error {
	for i := range 3000 {
		app := d.Appender(context.Background())
		l := labels.FromStrings("__name__", metric, "foo", "bar", "h", strconv.Itoa(i))
		var ref storage.SeriesRef
		for s := range int64(2000) {
			var err error
			if ref, err = app.AppendHistogram(ref, l, s*15_000, make(s), nil); err != nil {
				return err
			}
		}
		if err := app.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// nativeHistogram's first sample has a finer schema than the rest, as in Prometheus' benchmark.
func nativeHistogram(s int64) *histogram.Histogram {
	if s == 0 {
		return &histogram.Histogram{
			Schema: 3,
			Count:  13,
			PositiveSpans: []histogram.Span{
				{Offset: -5, Length: 2}, {Offset: 2, Length: 3}, {Offset: 2, Length: 2},
			},
			PositiveBuckets: []int64{1, 2, -2, 1, -1, 0, 3},
		}
	}
	spans := func() []histogram.Span { return []histogram.Span{{Offset: 0, Length: 2}, {Offset: 1, Length: 2}} }
	return &histogram.Histogram{
		Schema:          1,
		ZeroThreshold:   0.001,
		ZeroCount:       uint64(s) + 2,
		Count:           12 + 9*uint64(s),
		Sum:             18.4 * float64(s+1),
		PositiveSpans:   spans(),
		PositiveBuckets: []int64{s + 1, 1, -1, 0},
		NegativeSpans:   spans(),
		NegativeBuckets: []int64{s + 1, 1, -1, 0},
	}
}

func customHistogram(s int64) *histogram.Histogram {
	return &histogram.Histogram{
		Schema:          histogram.CustomBucketsSchema,
		Count:           5 + 4*uint64(s),
		Sum:             18.4 * float64(s+1),
		PositiveSpans:   []histogram.Span{{Offset: 0, Length: 2}, {Offset: 1, Length: 2}},
		PositiveBuckets: []int64{s + 1, 1, -1, 0},
		CustomValues:    []float64{0, 1, 2, 3, 4},
	}
}

func (d *database) loadScale(n int) error {
	var series []labels.Labels
	var seeds []float64
	add := func(name string, job, i int) {
		series = append(series, labels.FromStrings("__name__", name, "job", fmt.Sprintf("job-%03d", job),
			"instance", fmt.Sprintf("host-%07d:9100", i)))
		seeds = append(seeds, math.Mod(float64(i)*7919, 1_000_003))
	}
	for i := range n {
		add("up", i%100, i)
	}
	for i := range n / 10 {
		add("other_"+strconv.Itoa(i%10), i/10%100, i)
	}
	return d.floats(series, 2, 15_000, func(i int, s int64) float64 { return seeds[i] + float64(s) })
}

func (d *database) loadScaleRate() error {
	var series []labels.Labels
	for i := range 10_000 {
		for _, le := range []string{"0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "30", "+Inf"} {
			series = append(series, labels.FromStrings("__name__", "request_seconds_bucket", "job", "api",
				"instance", fmt.Sprintf("host-%05d:9100", i), "le", le))
		}
	}
	return d.floats(series, 260, 15_000, func(i int, s int64) float64 {
		return float64(s*int64(i%10+1)) + float64(i/10)/10_000
	})
}

func (d *database) loadYear() error {
	var series []labels.Labels
	for i := range 100 {
		series = append(series, labels.FromStrings("__name__", "year", "l", strconv.Itoa(i)))
	}
	return d.floats(series, 365*288, 300_000, func(i int, s int64) float64 {
		return float64(s) + float64(i)/100
	})
}
