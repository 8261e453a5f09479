package main

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A plot is as wide as the smallest size at which it must be legible, in pixels.
const (
	width    vg.Length = 400
	fontSize vg.Length = 12
)

// The colors on a light page. darkColors has those on a dark one.
var (
	panel  = color.RGBA{R: 0xf6, G: 0xf8, B: 0xfa, A: 0xff}
	ink    = color.RGBA{R: 0x24, G: 0x29, B: 0x2f, A: 0xff}
	faint  = color.RGBA{R: 0xd0, G: 0xd7, B: 0xde, A: 0xff}
	blue   = color.RGBA{R: 0x09, G: 0x5c, B: 0xb5, A: 0xff}
	orange = color.RGBA{R: 0xc2, G: 0x6a, B: 0x0a, A: 0xff}
	gray   = color.RGBA{R: 0x6e, G: 0x77, B: 0x81, A: 0xff}
)

var darkColors = []struct{ light, dark color.RGBA }{
	{panel, color.RGBA{R: 0x16, G: 0x1b, B: 0x22, A: 0xff}},
	{ink, color.RGBA{R: 0xe6, G: 0xed, B: 0xf3, A: 0xff}},
	{faint, color.RGBA{R: 0x3d, G: 0x44, B: 0x4d, A: 0xff}},
	{blue, color.RGBA{R: 0x58, G: 0xa6, B: 0xff, A: 0xff}},
	{orange, color.RGBA{R: 0xf0, G: 0xa1, B: 0x3a, A: 0xff}},
	{gray, color.RGBA{R: 0x9a, G: 0xa4, B: 0xae, A: 0xff}},
}

func newPlot(title string) *plot.Plot {
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	plot.DefaultFont, plotter.DefaultFont = sans, sans
	p := plot.New()
	p.BackgroundColor = panel
	p.Title.Text = title
	p.Title.TextStyle.Font.Size, p.Title.Padding = fontSize+1, 8
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = ink, ink
		axis.Label.TextStyle.Font.Size, axis.Label.Padding = fontSize, 4
		axis.Tick.Label.Font.Size = fontSize
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink
	}
	p.Title.TextStyle.Color, p.Legend.TextStyle.Color = ink, ink
	p.Legend.TextStyle.Font.Size, p.Legend.Padding = fontSize, 3
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs = true, true, 8
	return p
}

// save writes the plot as an SVG file that describes itself with its title and the
// description.
func save(file string, p *plot.Plot, description string, height vg.Length) error {
	canvas := vgsvg.New(width, height)
	const margin = 8
	area := draw.New(canvas)
	area.SetColor(panel)
	area.Fill(area.Rectangle.Path())
	p.Draw(draw.Crop(area, margin, -margin, margin, -margin))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	described, err := describe(svg.String(), p.Title.Text, description)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(described), 0o644)
}

// describe adds a title, a description, the dark colors and more common fonts.
func describe(svg, title, description string) (string, error) {
	start := strings.Index(svg, "<svg")
	end := strings.Index(svg[max(start, 0):], ">")
	if start < 0 || end < 0 {
		return "", fmt.Errorf("the plot %q has no svg element", title)
	}
	end += start
	svg = svg[:start] + `<svg role="img" aria-labelledby="title desc"` + svg[start+len("<svg"):end] + ">\n" +
		`<title id="title">` + html.EscapeString(title) + "</title>\n" +
		`<desc id="desc">` + html.EscapeString(description) + "</desc>\n" +
		darkStyle() + svg[end+len(">"):]
	return strings.ReplaceAll(svg, "font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,sans-serif"), nil
}

// darkStyle replaces the colors if the page is dark. The elements have their colors in
// style attributes, so the rules select those, and must be important.
func darkStyle() string {
	var b strings.Builder
	b.WriteString("<style>\n@media (prefers-color-scheme: dark) {\n")
	for _, c := range darkColors {
		for _, property := range []string{"fill", "stroke"} {
			fmt.Fprintf(&b, "[style*=\"%s:%s\"] { %s: %s !important }\n", property, hex(c.light), property, hex(c.dark))
		}
	}
	b.WriteString("}\n</style>")
	return b.String()
}

// hex formats a color as vgsvg does.
func hex(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
