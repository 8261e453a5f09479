package telemetry_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// pointsOf describes metrics, without addresses and times: one line for each data
// point. It checks that durations are plausible.
func pointsOf(t *testing.T, metrics []metricdata.Metrics) []string {
	t.Helper()
	var lines []string
	add := func(metric metricdata.Metrics, attributes attribute.Set, what string) {
		lines = append(lines, fmt.Sprintf("%s %q %q %s %s", metric.Name, metric.Unit, metric.Description, textOf(attributes.ToSlice()), what))
	}
	for _, metric := range metrics {
		switch data := metric.Data.(type) {
		case metricdata.Sum[int64]:
			for _, point := range data.DataPoints {
				add(metric, point.Attributes, fmt.Sprintf("sum=%d monotonic=%v", point.Value, data.IsMonotonic))
			}
		case metricdata.Histogram[int64]: // of sizes, which are the same on both sides
			for _, point := range data.DataPoints {
				add(metric, point.Attributes, fmt.Sprintf("count=%d sum=%d bounds=%v", point.Count, point.Sum, point.Bounds))
			}
		case metricdata.Histogram[float64]: // of durations, which are not
			for _, point := range data.DataPoints {
				checkDurations(t, metric, point)
				add(metric, point.Attributes, fmt.Sprintf("count=%d bounds=%v", point.Count, point.Bounds))
			}
		default:
			t.Errorf("%s has data of the unexpected type %T", metric.Name, data)
		}
	}
	slices.Sort(lines)
	return lines
}

const minute = 60.0 // seconds

// coarseClock is set if the clock may not advance during an RPC.
const coarseClock = runtime.GOOS == "windows"

func checkDurations(t *testing.T, metric metricdata.Metrics, point metricdata.HistogramDataPoint[float64]) {
	t.Helper()
	if metric.Unit != "s" {
		t.Errorf("%s is measured in %q; want seconds", metric.Name, metric.Unit)
	}
	shortest, _ := point.Min.Value()
	longest, _ := point.Max.Value()
	if shortest < 0 || shortest == 0 && !coarseClock || longest >= minute {
		t.Errorf("%s: got durations from %v to %v seconds", metric.Name, shortest, longest)
	}
}
