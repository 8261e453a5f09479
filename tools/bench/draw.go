package main

import (
	"bytes"
	"fmt"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The panel is light and everything on it dark, so that it reads on a page of
// either colour.
var (
	panel = color.RGBA{R: 0xf6, G: 0xf8, B: 0xfa, A: 0xff}
	ink   = color.RGBA{R: 0x24, G: 0x29, B: 0x2f, A: 0xff}
	faint = color.RGBA{R: 0xd0, G: 0xd7, B: 0xde, A: 0xff}
)

func newPlot(title string) *plot.Plot {
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	plot.DefaultFont, plotter.DefaultFont = sans, sans
	p := plot.New()
	p.BackgroundColor = panel
	p.Title.Text = title
	p.Title.TextStyle.Font.Size, p.Title.Padding = 14, 10
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = ink, ink
		axis.Label.TextStyle.Font.Size, axis.Label.Padding = 12, 6
		axis.Tick.Label.Font.Size = 11
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink
	}
	p.Title.TextStyle.Color, p.Legend.TextStyle.Color = ink, ink
	p.Legend.TextStyle.Font.Size, p.Legend.Padding = 11, 4
	p.Legend.Top, p.Legend.Left = true, true
	return p
}

// steps are ticks at multiples of step, each with a label.
func steps(step, last float64, format string) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for n := range int(last/step) + 1 {
		value := float64(n) * step
		ticks = append(ticks, plot.Tick{Value: value, Label: fmt.Sprintf(format, value)})
	}
	return ticks
}

// save writes the plot as an SVG. Whoever lacks the font has one like it.
func save(file string, p *plot.Plot, width, height vg.Length) error {
	canvas := vgsvg.New(width, height)
	const margin = 12
	area := draw.New(canvas)
	area.SetColor(panel)
	area.Fill(area.Rectangle.Path())
	p.Draw(draw.Crop(area, margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	fallback := bytes.ReplaceAll(svg.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	return os.WriteFile(file, fallback, 0o644)
}
