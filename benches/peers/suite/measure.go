package suite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"golang.org/x/sys/unix"
)

// effort says how long to measure: at least so long and five times, unless that takes longer than atMost.
type effort struct {
	atLeast, atMost time.Duration
}

// Engine is what the engines have in common.
type Engine interface {
	NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error)
	NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, step time.Duration) (promql.Query, error)
}

// operation returns what a case times: text to result, which the second function digests.
func operation(c benchCase, db *database, peer Peer) (run func() error, read func() (answer, error)) {
	if c.Kind == "parse" {
		run = func() error { return peer.Parse(c.Query) }
		return run, func() (answer, error) { return answer{}, run() }
	}
	ctx := context.Background()
	query := func() (promql.Query, error) {
		if c.StepMS == 0 {
			return peer.Engine.NewInstantQuery(ctx, db, nil, c.Query, time.UnixMilli(c.StartMS))
		}
		step := time.Duration(c.StepMS) * time.Millisecond
		return peer.Engine.NewRangeQuery(ctx, db, nil, c.Query, time.UnixMilli(c.StartMS), time.UnixMilli(c.EndMS), step)
	}
	exec := func(then func(parser.Value) error) error {
		q, err := query()
		if err != nil {
			return err
		}
		defer q.Close()
		result := q.Exec(ctx)
		if result.Err != nil {
			return result.Err
		}
		return then(result.Value)
	}
	run = func() error { return exec(func(parser.Value) error { return nil }) }
	read = func() (a answer, err error) {
		err = exec(func(value parser.Value) error {
			a, err = digest(value)
			return err
		})
		return a, err
	}
	return run, read
}

func measure(r *record, c benchCase, db *database, peer Peer, e effort) error {
	run, read := operation(c, db, peer)
	got, err := read()
	if err != nil {
		return err
	}
	if c.Answer == nil {
		return errors.New("the list has no answer for this case")
	}
	if !got.agrees(*c.Answer) {
		return fmt.Errorf("the answer is %+v, not %+v", got, *c.Answer)
	}
	ns, err := leastNS(clock(r.Threads), e, run)
	if err != nil {
		return err
	}
	r.NS = &ns
	return memory(r, run)
}

// clock is time on processors for one thread, which other programs on the machine disturb little, and time of day
// for more.
func clock(threads int) func() (float64, error) {
	id := int32(unix.CLOCK_PROCESS_CPUTIME_ID)
	if threads > 1 {
		id = unix.CLOCK_MONOTONIC
	}
	return func() (float64, error) {
		var t unix.Timespec
		err := unix.ClockGettime(id, &t)
		return float64(t.Nano()), err
	}
}

// leastNS is the least time of one operation; short ones run in batches of about 10 ms.
func leastNS(now func() (float64, error), e effort, run func() error) (float64, error) {
	batchNS := func(n int64) (float64, error) {
		start, err := now()
		if err != nil {
			return 0, err
		}
		for range n {
			if err := run(); err != nil {
				return 0, err
			}
		}
		end, err := now()
		return (end - start) / float64(n), err
	}
	best, err := batchNS(1)
	if err != nil {
		return 0, err
	}
	batch := min(max(int64(1e7/max(best, 1)), 1), 100_000)
	if batch > 1 {
		best = math.Inf(1)
	}
	began := time.Now()
	for batches := 1; ; batches++ {
		ns, err := batchNS(batch)
		if err != nil {
			return 0, err
		}
		best = min(best, ns)
		spent := time.Since(began)
		if spent >= e.atMost || (batches >= 5 && spent >= e.atLeast) {
			return best, nil
		}
	}
}

// memory fills in what one operation allocates, and by how much the process grows while it runs.
func memory(r *record, run func() error) error {
	// Pools outlive one collection, and their memory would be used again without being counted.
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	base, _ := status("VmRSS:")
	resets := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := run(); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	bytes := float64(after.TotalAlloc - before.TotalAlloc)
	r.Bytes = &bytes
	if high, err := status("VmHWM:"); err == nil && resets {
		peak := max(high-base, 0)
		r.Peak = &peak
	}
	return nil
}

// status is a figure of /proc/self/status in bytes.
func status(key string) (float64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), key); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 64)
			return kb * 1024, err
		}
	}
	return 0, fmt.Errorf("no %s", key)
}
