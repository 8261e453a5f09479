package main

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// They differ in lightness, too.
var colors = []color.Color{
	color.RGBA{R: 0x09, G: 0x5c, B: 0xb5, A: 0xff},
	color.RGBA{R: 0xd9, G: 0x7b, B: 0x0f, A: 0xff},
	color.RGBA{R: 0x6e, G: 0x77, B: 0x81, A: 0xff},
}

// drawLines draws a series as lines, from zero on both axes.
func drawLines(file string, s series) error {
	p := newPlot(s.title)
	p.X.Label.Text, p.Y.Label.Text = s.xLabel, "time for an RPC, µs"
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, faint
	p.Add(grid)
	highest := 0.0
	for i, l := range s.lines {
		points := make(plotter.XYs, len(s.params))
		for j, param := range s.params {
			points[j] = plotter.XY{X: param.x, Y: l.y[j]}
			highest = max(highest, l.y[j])
		}
		drawn, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		drawn.Color, drawn.Width = colors[i], 2
		dots.Color, dots.Radius, dots.Shape = colors[i], 3, draw.CircleGlyph{}
		p.Add(drawn, dots)
		p.Legend.Add(l.label, drawn, dots)
	}
	last := s.params[len(s.params)-1].x
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, last, steps(last/4, last, "%.0f")
	p.Y.Min, p.Y.Max = 0, highest*1.35 // room for the legend
	p.Y.Tick.Marker = steps(roundStep(highest/5), p.Y.Max, "%.0f")
	p.Legend.XOffs, p.Legend.YOffs = 8, -4
	return save(file, p, 640, 360)
}

// roundStep returns the first of 1, 2, 5, 10, 20, … that is not below least.
func roundStep(least float64) float64 {
	power := math.Pow(10, max(0, math.Floor(math.Log10(least))))
	for _, digit := range []float64{1, 2, 5} {
		if digit*power >= least {
			return digit * power
		}
	}
	return 10 * power
}
