package main

import (
	"fmt"
	"strings"
)

// A series is a table and a plot: how the time of an RPC depends on something.
type series struct {
	name, title string
	x           string // the heading of the first column
	xAxis       string
	benchmark   string // with the name of a point and of a side
	points      []point
	others      []other
	isLogX      bool
	isLogY      bool

	finding func(d *seriesData) string // what the table and the plot show
}

// A point is a value on the x axis.
type point struct {
	name  string // in the name of the benchmark
	x     float64
	label string // in the table
}

// An other is a side that the Channel is compared with.
type other struct {
	on     string // in the name of the benchmark
	label  string
	inPlot bool
}

const onChannel = "inprocchain"

var (
	besideBare  = other{"inprocgrpc", "bare inprocgrpc.Channel", true}
	besideFloor = other{"floor", "floor: a goroutine, two copies", true}
)

var allSeries = []series{
	{
		name: "sizes", title: "Unary RPC, by message size",
		x: "request and response", xAxis: "size of request and response, KiB",
		benchmark: "Unary/size=%s/on=%s",
		points: []point{{"0", 0, "empty"}, {"1KiB", 1, "1 KiB"}, {"4KiB", 4, "4 KiB"}, {"16KiB", 16, "16 KiB"},
			{"64KiB", 64, "64 KiB"}, {"256KiB", 256, "256 KiB"}, {"1MiB", 1024, "1 MiB"}},
		others: []other{besideFloor, besideBare},
		isLogX: true, isLogY: true,
		finding: func(d *seriesData) string {
			return fmt.Sprintf("An RPC takes %.2f times as long as the floor with 1 KiB messages, and %.2f times with 1 MiB.",
				d.ratios[1][0].Median, d.last(0).Median)
		},
	}, {
		name: "structured", title: "Unary RPC, by spans in the message",
		x: "spans there and back", xAxis: "OTLP spans with 4 attributes each",
		benchmark: "Structured/n=%s/on=%s",
		points:    numbers(1, 10, 100, 1000),
		others:    []other{besideBare, {"bufconn", "grpc-go over bufconn", true}, {"connect", "connect-go's connectinprocess", false}},
		isLogX:    true, isLogY: true,
		finding: func(d *seriesData) string {
			return fmt.Sprintf("An RPC with 100 spans there and back takes %.2f times as long as on the bare channel, and %.2f times as long as over bufconn.",
				d.ratios[2][0].Median, d.ratios[2][1].Median)
		},
	}, {
		name: "interceptors", title: "Unary RPC of 1 KiB, by server interceptors",
		x: "interceptors", xAxis: "server interceptors",
		benchmark: "ServerInterceptors/n=%s/on=%s",
		points:    numbers(0, 1, 8, 16, 24, 32),
		others:    []other{{"grpchan", "bare channel, folded as grpchan does", true}},
		finding: func(d *seriesData) string {
			return fmt.Sprintf("Each server interceptor after the first adds %.0f ns to an RPC on a Channel, and %.0f ns on the bare channel with grpchan's way of folding.",
				d.slope(d.times())*1e9, d.slope(d.timesOf(0))*1e9)
		},
	}, {
		name: "callers", title: "Unary RPC of 1 KiB, by concurrent callers",
		x: "callers", xAxis: "concurrent callers",
		benchmark: "Callers/n=%s/on=%s",
		points:    numbers(1, 2, 4, 8, 16, 32, 64),
		others: []other{besideFloor, besideBare,
			{"separate", "a separate Channel for each caller", false},
			{"clientconn", "its `ClientConn`", false}},
		isLogX: true,
		finding: func(d *seriesData) string {
			return fmt.Sprintf("With 64 callers at the same time, an RPC on one Channel takes %.2f times as long as on a separate Channel for each caller, and %.2f times as long as the floor.",
				d.last(2).Median, d.last(0).Median)
		},
	}, {
		name: "methods", title: "Unary RPC of 1 KiB to the last of n methods",
		x: "methods", xAxis: "methods of the service",
		benchmark: "Methods/n=%s/on=%s",
		points:    numbers(1, 250, 500, 750, 1000),
		others:    []other{besideBare},
		finding: func(d *seriesData) string {
			return fmt.Sprintf("An RPC to the last of 1000 methods takes %.2f times as long as one to a single method on a Channel, and %.2f times on the bare channel.",
				growth(d.times()), growth(d.timesOf(0)))
		},
	},
}

func numbers(values ...int) []point {
	var points []point
	for _, n := range values {
		points = append(points, point{fmt.Sprint(n), float64(n), fmt.Sprint(n)})
	}
	return points
}

func growth(times []float64) float64 { return times[len(times)-1] / times[0] }

func (s series) side(p point, on string) string { return fmt.Sprintf(s.benchmark, p.name, on) }

func (s series) quantities() []quantity {
	var all []quantity
	for _, p := range s.points {
		all = append(all, s.time(p))
		for _, o := range s.others {
			all = append(all, s.ratio(p, o))
		}
	}
	return all
}

func (s series) time(p point) quantity { return quantity{cost: timeOf(s.side(p, onChannel))} }

func (s series) ratio(p point, o other) quantity {
	return quantity{timeOf(s.side(p, onChannel)), timeOf(s.side(p, o.on))}
}

// A seriesData is a series with its figures.
type seriesData struct {
	series
	onChannel []figure   // the time at each point
	ratios    [][]figure // at each point, the ratio to each of the others
}

func (r *results) series(s series) (*seriesData, error) {
	d := &seriesData{series: s}
	for _, p := range s.points {
		f, err := r.of(s.time(p))
		if err != nil {
			return nil, err
		}
		d.onChannel = append(d.onChannel, f)
		var ratios []figure
		for _, o := range s.others {
			if f, err = r.of(s.ratio(p, o)); err != nil {
				return nil, err
			}
			ratios = append(ratios, f)
		}
		d.ratios = append(d.ratios, ratios)
	}
	return d, nil
}

// last returns the ratio to one of the others at the last point.
func (d *seriesData) last(other int) figure { return d.ratios[len(d.ratios)-1][other] }

// times returns the times on a Channel, in seconds.
func (d *seriesData) times() []float64 {
	var times []float64
	for _, f := range d.onChannel {
		times = append(times, f.Median)
	}
	return times
}

// timesOf returns the times of one of the others. They are those on a Channel, divided
// by the ratios, so that the plot, which shows times, agrees with the table.
func (d *seriesData) timesOf(other int) []float64 {
	times := d.times()
	for i := range times {
		times[i] /= d.ratios[i][other].Median
	}
	return times
}

// slope returns what each unit of x adds, according to the line that fits the points
// from x = 1 best, by least squares.
func (d *seriesData) slope(times []float64) float64 {
	var n, sumX, sumY, sumXX, sumXY float64
	for i, p := range d.points {
		if p.x < 1 {
			continue
		}
		n++
		sumX += p.x
		sumY += times[i]
		sumXX += p.x * p.x
		sumXY += p.x * times[i]
	}
	return (n*sumXY - sumX*sumY) / (n*sumXX - sumX*sumX)
}

func (d *seriesData) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | time on a Channel, µs |", d.x)
	for _, o := range d.others {
		fmt.Fprintf(&b, " ratio to %s |", o.label)
	}
	b.WriteString("\n|--:|--:|" + strings.Repeat("--:|", len(d.others)) + "\n")
	for i, p := range d.points {
		time := d.onChannel[i]
		fmt.Fprintf(&b, "| %s | %s (%s to %s) |", p.label, micros(time.Median), micros(time.Low), micros(time.High))
		for _, f := range d.ratios[i] {
			fmt.Fprintf(&b, " %.2f (%.2f to %.2f) |", f.Median, f.Low, f.High)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// micros formats seconds as microseconds.
func micros(seconds float64) string {
	if seconds < 100e-6 {
		return fmt.Sprintf("%.1f", seconds*1e6)
	}
	return fmt.Sprintf("%.0f", seconds*1e6)
}
