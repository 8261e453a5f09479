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

var limitColor = color.RGBA{R: 0xb3, G: 0x42, B: 0x1b, A: 0xff}

// drawBars draws the ratios of the table, each below what it compares and with
// what it is to stay under.
func drawBars(file string, compared []comparison) error {
	p := newPlot("Time, relative to the same work elsewhere")
	var ratios plotter.Values
	var limits, ends plotter.XYs
	var figures, names []string
	for i := len(compared) - 1; i >= 0; i-- { // a plot's first is the lowest
		c := compared[i]
		if c.ours.unit != seconds {
			continue
		}
		y := float64(len(ratios))
		ratios = append(ratios, c.measured())
		limits = append(limits, plotter.XY{X: c.most, Y: y})
		ends = append(ends, plotter.XY{X: c.measured(), Y: y})
		figures = append(figures, fmt.Sprintf("%.2f", c.measured()))
		names = append(names, c.work+", against "+c.against)
		p.X.Max = max(p.X.Max, c.measured()+0.1, c.most+0.1)
	}
	bars, err := plotter.NewBarChart(ratios, 14)
	if err != nil {
		return err
	}
	bars.Horizontal, bars.Color, bars.LineStyle.Width = true, colors[0], 0
	atEnds, err := labels(ends, figures, vg.Point{X: -6})
	if err != nil {
		return err
	}
	for i := range atEnds.TextStyle { // in the bar
		atEnds.TextStyle[i].XAlign, atEnds.TextStyle[i].Color = text.XRight, panel
	}
	above, err := labels(starts(limits), names, vg.Point{X: 2, Y: 17})
	if err != nil {
		return err
	}
	same := &upright{plotter.XYs{{X: 1, Y: float64(len(ratios)-1) / 2}}, draw.LineStyle{Color: faint, Width: 2}, 1000}
	most := &upright{limits, draw.LineStyle{Color: limitColor, Width: 2.5}, 14}
	p.Add(same, bars, most, above, atEnds)
	p.Legend.Add("measured", bars)
	p.Legend.Add("at most", most)
	p.Legend.XOffs, p.Legend.YOffs = 640, 6
	p.X.Label.Text = "ratio, 1.0 is the same time: shorter is faster"
	p.X.Min, p.X.Tick.Marker = 0, steps(0.2, p.X.Max, "%.1f")
	p.Y.Min, p.Y.Max = -0.5, float64(len(ratios))-0.2
	p.HideY()
	return save(file, p, 800, 620)
}

// starts returns the points on the axis beside the given ones.
func starts(points plotter.XYs) plotter.XYs {
	starts := make(plotter.XYs, len(points))
	for i, point := range points {
		starts[i].Y = point.Y
	}
	return starts
}

func labels(at plotter.XYs, texts []string, offset vg.Point) (*plotter.Labels, error) {
	drawn, err := plotter.NewLabels(plotter.XYLabels{XYs: at, Labels: texts})
	if err != nil {
		return nil, err
	}
	for i := range drawn.TextStyle {
		drawn.TextStyle[i].Color, drawn.TextStyle[i].YAlign = ink, text.YCenter
		drawn.TextStyle[i].Font.Size = 11
	}
	drawn.Offset = offset
	return drawn, nil
}

// An upright is a stroke upwards through each point.
type upright struct {
	plotter.XYs
	style  draw.LineStyle
	length vg.Length
}

func (u *upright) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range u.XYs {
		u.stroke(c, x(at.X), y(at.Y))
	}
}

func (u *upright) Thumbnail(c *draw.Canvas) {
	u.stroke(*c, c.Center().X, c.Center().Y)
}

func (u *upright) stroke(c draw.Canvas, x, y vg.Length) {
	from, to := max(y-u.length/2, c.Min.Y), min(y+u.length/2, c.Max.Y)
	c.StrokeLine2(u.style, x, from, x, to)
}
