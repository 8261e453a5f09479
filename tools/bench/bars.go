package main

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawBars writes the comparisons as an SVG file. Each one is a bar, with two lines
// above it that say what is compared.
func (r *results) drawBars(file string) error {
	p := newPlot("Relative time of an RPC on a Channel (lower is faster)")
	var ratios plotter.Values
	var starts, ends plotter.XYs
	var figures, works, sides []string
	for i := len(comparisons) - 1; i >= 0; i-- { // The first bar of a plot is the lowest.
		c := comparisons[i]
		f, err := r.of(c.quantity)
		if err != nil {
			return err
		}
		y := float64(len(ratios))
		ratios = append(ratios, f.Median)
		starts, ends = append(starts, plotter.XY{Y: y}), append(ends, plotter.XY{X: f.Median, Y: y})
		figures = append(figures, fmt.Sprintf("%.2f", f.Median))
		works, sides = append(works, plainText(c.work)), append(sides, "to "+plainText(c.against))
		p.X.Max = max(p.X.Max, f.Median, 1.05)
	}
	bars, err := plotter.NewBarChart(ratios, barHeight)
	if err != nil {
		return err
	}
	bars.Horizontal, bars.Color, bars.LineStyle.Width = true, blue, 0
	same := &verticalLine{1, draw.LineStyle{Color: faint, Width: 2}}
	p.Add(same, bars)
	for _, l := range []struct {
		at     plotter.XYs
		texts  []string
		offset vg.Point
		align  text.XAlignment
		color  color.Color
	}{
		{starts, works, vg.Point{X: 1, Y: barHeight/2 + 22}, text.XLeft, ink},
		{starts, sides, vg.Point{X: 1, Y: barHeight/2 + 8}, text.XLeft, ink},
		{ends, figures, vg.Point{X: -4}, text.XRight, panel}, // in the bar
	} {
		labels, err := plotter.NewLabels(plotter.XYLabels{XYs: l.at, Labels: l.texts})
		if err != nil {
			return err
		}
		for i := range labels.TextStyle {
			style := &labels.TextStyle[i]
			style.Color, style.XAlign, style.YAlign, style.Font.Size = l.color, l.align, text.YCenter, fontSize
		}
		labels.Offset = l.offset
		p.Add(labels)
	}
	p.X.Label.Text = "1.0 is the same time, less is faster"
	p.X.Min, p.X.Tick.Marker = 0, multiples(0.2, p.X.Max, 1)
	p.Y.Min, p.Y.Max = -0.3, float64(len(ratios))-0.25
	p.HideY()
	finding, err := r.comparisonFinding()
	if err != nil {
		return err
	}
	return save(file, p, finding, vg.Length(80+50*len(ratios)))
}

const barHeight vg.Length = 14

// A verticalLine is a line at a value of x, over the height of the plot.
type verticalLine struct {
	x     float64
	style draw.LineStyle
}

// Plot implements [plot.Plotter].
func (v *verticalLine) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	x := toX(v.x)
	c.StrokeLine2(v.style, x, c.Min.Y, x, c.Max.Y)
}
