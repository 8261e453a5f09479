package main

import (
	"fmt"
	"math"
	"strings"
)

// A comparison is a row of the first table: the time of some work on a Channel, divided
// by the time of the same work elsewhere.
type comparison struct {
	work, against string
	quantity
}

const (
	bare         = "the bare `inprocgrpc.Channel`"
	sameFive     = "1 KiB, 5 interceptors and otelgrpc on both sides"
	structured   = "100 OTLP spans (15 KB) there and back"
	eachOfMany   = "one of 32 folded server interceptors, without the RPC"
	grpcGosChain = "grpc-go's chain of a network server"
)

// Others use these, too.
var (
	ratioToBare    = ratio("Unary/size=1KiB", "inprocchain", "inprocgrpc")
	belowToBare    = ratio("Unary/size=1KiB", "below", "inprocgrpc")
	ratioToBufconn = ratio("OTel/n=5", "inprocchain", "bufconn")
	ratioToTCP     = ratio("OTel/n=5", "inprocchain", "tcp")
)

var comparisons = []comparison{
	{"empty message", bare, ratio("Unary/size=0", "inprocchain", "inprocgrpc")},
	{"1 KiB", bare, ratioToBare},
	{"1 KiB, service registered on `InProcess()`", bare, belowToBare},
	{"1 KiB, 5 server interceptors", "the same five, folded by hand on the bare channel", ratio("ServerInterceptors/n=5", "inprocchain", "by-hand")},
	{"1 KiB, 5 client and 5 server interceptors", "grpchan's `InterceptClientConnUnary` and its way of folding", ratio("BothInterceptors/n=5", "inprocchain", "grpchan")},
	{"1 KiB, otelgrpc on both sides", "the bare channel's stats hooks, which omit 8 of 14 events", ratio("OTel/n=0", "inprocchain", "inprocgrpc")},
	{sameFive, "grpc-go over bufconn, the same Chain", ratioToBufconn},
	{sameFive, "grpc-go over loopback TCP, the same Chain", ratioToTCP},
	{"bidi stream, 1 KiB a message", bare, ratio("Bidi/size=1KiB", "inprocchain", "inprocgrpc")},
	{"bidi stream, 64 KiB a message", bare, ratio("Bidi/size=64KiB", "inprocchain", "inprocgrpc")},
	{structured, bare, ratio("Structured/n=100", "inprocchain", "inprocgrpc")},
	{structured, "grpc-go over bufconn, the same Chain", ratio("Structured/n=100", "inprocchain", "bufconn")},
	{structured + ", shared", "a Channel that copies them", ratio("Structured/n=100", "shared", "inprocchain")},
	{eachOfMany, grpcGosChain, quantity{perInterceptor("inprocchain"), perInterceptor("grpc-go")}},
}

// perInterceptor is what each of 31 interceptors adds to one.
func perInterceptor(on string) cost {
	return cost{"Fold/n=32/on=" + on, seconds, "Fold/n=1/on=" + on, 31}
}

func (r *results) comparisonTable() (string, error) {
	var b strings.Builder
	b.WriteString("| unary RPC, unless it says otherwise | compared with | relative time | interquartile range |\n|---|---|--:|:-:|\n")
	for _, c := range comparisons {
		f, err := r.of(c.quantity)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %s | **%.2f** | %.2f to %.2f |\n", c.work, c.against, f.Median, f.Low, f.High)
	}
	return b.String(), nil
}

// comparisonFinding says what the plot of the comparisons shows.
func (r *results) comparisonFinding() (string, error) {
	var least, most comparison
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range comparisons {
		f, err := r.of(c.quantity)
		if err != nil {
			return "", err
		}
		if f.Median < low {
			least, low = c, f.Median
		}
		if f.Median > high {
			most, high = c, f.Median
		}
	}
	return plainText(fmt.Sprintf("An RPC on a Channel takes between %.2f (%s, compared with %s) and %.2f times (%s, compared with %s) as long as the same RPC elsewhere.",
		low, least.work, least.against, high, most.work, most.against)), nil
}

// plainText removes Markdown's marks of code.
func plainText(s string) string { return strings.ReplaceAll(s, "`", "") }

// An allocationCount is a row of the table of allocations.
type allocationCount struct{ work, benchmark string }

var allocationCounts = []allocationCount{{"empty message", "Unary/size=0"}, {"1 KiB", "Unary/size=1KiB"}}

func (a allocationCount) onChannel() quantity {
	return quantity{cost: allocationsOf(a.benchmark + "/on=inprocchain")}
}

func (a allocationCount) onBare() quantity {
	return quantity{cost: allocationsOf(a.benchmark + "/on=inprocgrpc")}
}

func (r *results) allocationTable() (string, error) {
	var b strings.Builder
	b.WriteString("| allocations of a unary RPC | Channel | bare `inprocgrpc.Channel` |\n|---|--:|--:|\n")
	for _, a := range allocationCounts {
		channel, err := r.of(a.onChannel())
		if err != nil {
			return "", err
		}
		bare, err := r.of(a.onBare())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | **%.0f** | %.0f |\n", a.work, channel.Median, bare.Median)
	}
	return b.String(), nil
}

// memoryOn is the memory of an open stream on a side.
func memoryOn(side string) cost { return cost{benchmark: "OpenStreams/on=" + side, unit: memory} }

func (r *results) memoryTable() (string, error) {
	channel, err := r.of(quantity{cost: memoryOn("inprocchain")})
	if err != nil {
		return "", err
	}
	bufconn, err := r.of(quantity{cost: memoryOn("bufconn")})
	if err != nil {
		return "", err
	}
	ratio, err := r.of(memoryOn("inprocchain").to(memoryOn("bufconn")))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("| memory of an open stream, KB | Channel | grpc-go over bufconn | ratio |\n|---|--:|--:|--:|\n| its handler waits for a message | **%.1f** | %.1f | %.2f |\n",
		channel.Median/1e3, bufconn.Median/1e3, ratio.Median), nil
}
