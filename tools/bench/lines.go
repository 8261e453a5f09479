package main

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// draw writes the series as an SVG file: a line for each side, with time on the y axis.
func (d *seriesData) draw(file string) error {
	p := newPlot(d.title)
	p.X.Label.Text, p.Y.Label.Text = d.xAxis, "time of an RPC, µs"
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, faint
	p.Add(grid)
	if err := d.addLine(p, 0, "Channel", d.times()); err != nil {
		return err
	}
	for i, o := range d.others {
		if !o.inPlot {
			continue
		}
		if err := d.addLine(p, i+1, o.label, d.timesOf(i)); err != nil {
			return err
		}
	}
	d.setAxes(p)
	return save(file, p, d.finding(d), 300)
}

// addLine adds a line, with a mark for each point and an entry in the legend.
func (d *seriesData) addLine(p *plot.Plot, index int, label string, times []float64) error {
	var points plotter.XYs
	for i, point := range d.points {
		if d.hasRoomFor(point) {
			points = append(points, plotter.XY{X: scale(point.x, d.isLogX), Y: scale(times[i]*1e6, d.isLogY)})
		}
	}
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = lineStyles[index].color, 2
	marks.Color, marks.Radius, marks.Shape = lineStyles[index].color, 3.5, lineStyles[index].mark
	p.Add(line, marks)
	p.Legend.Add(label, line, marks)
	return nil
}

// hasRoomFor reports whether a point is on the x axis. A logarithmic axis has no zero.
func (d *seriesData) hasRoomFor(p point) bool { return !d.isLogX || p.x > 0 }

// scale returns the position of a value on an axis. It is used instead of
// [plot.LogScale], with which gonum's axis labels are not in the middle.
func scale(value float64, isLog bool) float64 {
	if isLog {
		return math.Log10(value)
	}
	return value
}

// lineStyles are for the Channel and for the others. They differ in lightness and in
// their marks, and not only in color.
var lineStyles = []struct {
	color color.Color
	mark  draw.GlyphDrawer
}{
	{blue, draw.CircleGlyph{}},
	{gray, draw.BoxGlyph{}},
	{orange, draw.PyramidGlyph{}},
}

// setAxes sets the ticks. The x axis has one for each point.
func (d *seriesData) setAxes(p *plot.Plot) {
	var ticks plot.ConstantTicks
	for _, point := range d.points {
		if d.hasRoomFor(point) {
			ticks = append(ticks, tick(point.x, d.isLogX, 0))
		}
	}
	p.X.Tick.Marker, p.X.Min, p.X.Max = ticks, ticks[0].Value, ticks[len(ticks)-1].Value
	if d.isLogY {
		p.Y.Min, p.Y.Max = math.Floor(p.Y.Min), math.Ceil(p.Y.Max)
		p.Y.Tick.Marker = decades(p.Y.Min, p.Y.Max)
		return
	}
	step := roundStep(p.Y.Max / 4)
	p.Y.Min, p.Y.Max = 0, p.Y.Max*1.45 // The legend is above the lines.
	p.Y.Tick.Marker = multiples(step, p.Y.Max, 0)
}

// tick returns a tick whose label is the value.
func tick(value float64, isLog bool, decimals int) plot.Tick {
	return plot.Tick{Value: scale(value, isLog), Label: strconv.FormatFloat(value, 'f', decimals, 64)}
}

// decades returns ticks at the powers of ten whose exponents are from first to last.
func decades(first, last float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for exponent := first; exponent <= last; exponent++ {
		ticks = append(ticks, tick(math.Pow(10, exponent), true, int(max(0, -exponent))))
	}
	return ticks
}

// multiples returns ticks at the multiples of step up to last.
func multiples(step, last float64, decimals int) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for n := range int(last/step) + 1 {
		ticks = append(ticks, tick(float64(n)*step, false, decimals))
	}
	return ticks
}

// roundStep returns the first of 1, 2, 5, 10, 20, … that is at least least.
func roundStep(least float64) float64 {
	power := math.Pow(10, max(0, math.Floor(math.Log10(least))))
	for _, digit := range []float64{1, 2, 5} {
		if digit*power >= least {
			return digit * power
		}
	}
	return 10 * power
}
