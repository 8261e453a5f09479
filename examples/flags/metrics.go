package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// A row of the table counts the RPCs of one method that ended with one status.
type row struct{ metric, method, status string }

// printMetrics writes the number of RPCs and their mean durations, over all transports.
func (t *telemetry) printMetrics(ctx context.Context, out io.Writer) error {
	var collected metricdata.ResourceMetrics
	if err := t.metrics.Collect(context.WithoutCancel(ctx), &collected); err != nil {
		return err
	}
	counts, seconds := map[row]uint64{}, map[row]float64{}
	for _, scope := range collected.ScopeMetrics {
		for _, metric := range scope.Metrics {
			durations, ok := metric.Data.(metricdata.Histogram[float64])
			if !ok {
				continue
			}
			for _, point := range durations.DataPoints {
				r := row{metric.Name, value(point.Attributes, "rpc.method"), value(point.Attributes, "rpc.response.status_code")}
				counts[r] += point.Count
				seconds[r] += point.Sum
			}
		}
	}
	var rows []row
	for r := range counts {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.metric, b.metric), cmp.Compare(a.method, b.method), cmp.Compare(a.status, b.status))
	})
	fmt.Fprint(out, "Metrics\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		mean := time.Duration(seconds[r] / float64(counts[r]) * float64(time.Second))
		fmt.Fprintf(table, "  %s\t%s\t%s\t%d times\t%s on average\n", r.metric, r.method, r.status, counts[r], mean.Round(time.Microsecond))
	}
	fmt.Fprintln(table)
	return table.Flush()
}

func value(set attribute.Set, key attribute.Key) string {
	v, _ := set.Value(key)
	return v.AsString()
}
