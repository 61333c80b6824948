// Package suite runs the benchmark list on a PromQL engine that is a Go library, and prints one JSON record a line.
//
// It reads the cases from a file that `promqlite-bench answers` wrote, makes the same data, and holds every answer
// to the one in the file before it times the case.
package suite

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// benchCase is one line of the list.
type benchCase struct {
	Dataset string  `json:"dataset"`
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Query   string  `json:"query"`
	StartMS int64   `json:"start_ms"`
	EndMS   int64   `json:"end_ms"`
	StepMS  int64   `json:"step_ms"`
	Answer  *answer `json:"answer"`
}

// record is one case, measured on one engine.
type record struct {
	Engine  string   `json:"engine"`
	Dataset string   `json:"dataset"`
	Case    string   `json:"case"`
	Threads int      `json:"threads"`
	NS      *float64 `json:"ns,omitempty"`
	Bytes   *float64 `json:"bytes,omitempty"`
	Peak    *float64 `json:"peak,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// Peer is an engine and its parser, with every language feature on.
type Peer struct {
	Name   string
	Engine Engine
	Parse  func(text string) error
}

// Main is the whole programme: it reads the command line, runs the cases and exits.
func Main(peer Peer) {
	file := flag.String("cases", "benches/cases.jsonl", "the list, with answers")
	dataset := flag.String("dataset", "", "only this data set")
	filter := flag.String("filter", "", "only cases whose name contains this")
	threads := flag.Int("threads", 1, "GOMAXPROCS")
	atLeast := flag.Duration("at-least", 400*time.Millisecond, "measure each case at least this long")
	atMost := flag.Duration("at-most", 4*time.Second, "stop after this long, even before five runs")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)

	cases, err := readCases(*file)
	check(err)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	var db *database
	var failed bool
	for _, c := range cases {
		if (*dataset != "" && c.Dataset != *dataset) || !strings.Contains(c.Name, *filter) {
			continue
		}
		if db == nil || db.name != c.Dataset {
			db.close()
			db, err = load(c.Dataset)
			check(err)
		}
		r := record{Engine: peer.Name, Dataset: c.Dataset, Case: c.Name, Threads: *threads}
		if err := measure(&r, c, db, peer, effort{*atLeast, *atMost}); err != nil {
			r.Error = err.Error()
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %s: %v\n", peer.Name, c.Name, err)
		}
		check(out.Encode(r))
	}
	db.close()
	if failed {
		os.Exit(2)
	}
}

func readCases(file string) ([]benchCase, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var cases []benchCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c benchCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%w: %s", err, lines.Text())
		}
		cases = append(cases, c)
	}
	return cases, lines.Err()
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
