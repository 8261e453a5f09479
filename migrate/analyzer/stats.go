package analyzer

import (
	"fmt"

	"golang.org/x/tools/go/analysis"
)

// checkStatsHandlers finds stats handlers that are set on an inprocgrpc.Channel.
func (c *checker) checkStatsHandlers() {
	for cur, call := range c.calls() {
		sel, name := c.settingOf(call)
		if name != "WithServerStatsHandler" && name != "WithClientStatsHandler" || c.isNil(call.Args[0]) {
			continue
		}
		c.found(cur, analysis.Diagnostic{
			Pos:      sel.Sel.Pos(),
			End:      sel.Sel.End(),
			Category: "stats",
			Message: fmt.Sprintf("this stats handler measures wrong durations: an inprocgrpc.Channel reports the end of an RPC without its begin time "+
				"and leaves out most other events; pass the handler to inprocchain.New(inprocchain.%s(…))", hooks[name]),
		}, false)
	}
}
