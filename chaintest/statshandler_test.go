package chaintest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// statsEdit returns a stats handler that changes events before the recorder receives them.
func statsEdit(edit func(stats.RPCStats)) stats.Handler {
	return testservice.Stats{OnRPC: func(_ context.Context, event stats.RPCStats) { edit(event) }}
}

func TestCompareReportsDifferencesInEveryFieldOfStatsEvents(t *testing.T) {
	t.Parallel()
	edited := func(edit func(stats.RPCStats)) transport {
		return before(inprocchain.WithClientStatsHandlers(statsEdit(edit)), inprocchain.WithServerStatsHandlers(statsEdit(edit)))
	}
	for _, c := range []struct {
		wants []string
		edit  func(stats.RPCStats)
	}{
		{[]string{"stats Begin: Client is true on the network, false in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.Begin) { s.Client = !s.Client }) }},
		{[]string{"stats Begin: BeginTime is set on the network, not set in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.Begin) { s.BeginTime = time.Time{} }) }},
		{[]string{"stats Begin: FailFast is true on the network, false in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.Begin) { s.FailFast = !s.FailFast }) }},
		{[]string{"stats Begin: IsClientStream is"}, func(s stats.RPCStats) { on(s, func(s *stats.Begin) { s.IsClientStream = !s.IsClientStream }) }},
		{[]string{"stats Begin: IsServerStream is"}, func(s stats.RPCStats) { on(s, func(s *stats.Begin) { s.IsServerStream = !s.IsServerStream }) }},
		{[]string{"stats Begin: IsTransparentRetryAttempt is"}, func(s stats.RPCStats) {
			on(s, func(s *stats.Begin) { s.IsTransparentRetryAttempt = true })
		}},
		{[]string{"server: event 2, stats InHeader: FullMethod is \"" + unaryMethod + "\" on the network, \"\" in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.InHeader) { s.FullMethod = "" }) }},
		{[]string{"stats InHeader: RemoteAddr is set on the network, not set in-process", "LocalAddr is set"}, func(s stats.RPCStats) { on(s, func(s *stats.InHeader) { s.RemoteAddr, s.LocalAddr = nil, nil }) }},
		{[]string{"stats OutHeader: RemoteAddr is set on the network, not set in-process", "LocalAddr is set"}, func(s stats.RPCStats) {
			on(s, func(s *stats.OutHeader) { s.RemoteAddr, s.LocalAddr = nil, nil })
		}},
		{[]string{"stats OutHeader: FullMethod is", `stats OutHeader: Header is {key=["value"]`}, func(s stats.RPCStats) {
			on(s, func(s *stats.OutHeader) { s.FullMethod, s.Header = "", nil })
		}},
		{[]string{"stats OutPayload: Length is 9 on the network, 0 in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.OutPayload) { s.Length = 0 }) }},
		{[]string{"stats OutPayload: CompressedLength is 9 on the network, 0 in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.OutPayload) { s.CompressedLength = 0 }) }},
		{[]string{"stats OutPayload: WireLength is 14 on the network, 9 in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.OutPayload) { s.WireLength = 9 }) }},
		{[]string{"stats InPayload: WireLength is 14 on the network, 9 in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.InPayload) { s.WireLength = 9 }) }},
		{[]string{"stats OutPayload: SentTime is set on the network, in the future in-process"}, func(s stats.RPCStats) {
			on(s, func(s *stats.OutPayload) { s.SentTime = time.Now().Add(time.Hour) })
		}},
		{[]string{`stats OutPayload: Payload is *wrapperspb.StringValue{value:"message"} on the network, *wrapperspb.BytesValue{} in-process`}, func(s stats.RPCStats) {
			on(s, func(s *stats.OutPayload) { s.Payload = new(wrapperspb.BytesValue) })
		}},
		{[]string{"stats InPayload: Length is 9 on the network, 0 in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.InPayload) { s.Length = 0 }) }},
		{[]string{"stats InPayload: CompressedLength is 9 on the network, 1 in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.InPayload) { s.CompressedLength = 1 }) }},
		{[]string{"stats InPayload: RecvTime is set on the network, before the RPC in-process"}, func(s stats.RPCStats) {
			on(s, func(s *stats.InPayload) { s.RecvTime = time.Now().Add(-time.Hour) })
		}},
		{[]string{`stats InPayload: Payload is *wrapperspb.StringValue{value:"message"} on the network, nil in-process`}, func(s stats.RPCStats) { on(s, func(s *stats.InPayload) { s.Payload = nil }) }},
		{[]string{`stats OutTrailer: Trailer is {trailer=["t"]} on the network, none in-process`}, func(s stats.RPCStats) { on(s, func(s *stats.OutTrailer) { s.Trailer = nil }) }},
		{[]string{`stats InTrailer: Trailer is {trailer=["t"]} on the network, none in-process`}, func(s stats.RPCStats) { on(s, func(s *stats.InTrailer) { s.Trailer = nil }) }},
		{[]string{"stats End: BeginTime is that of Begin on the network, not set in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.End) { s.BeginTime = time.Time{} }) }},
		{[]string{"stats End: BeginTime is that of Begin on the network, not that of Begin in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.End) { s.BeginTime = s.EndTime }) }},
		{[]string{"stats End: EndTime is set on the network, not set in-process"}, func(s stats.RPCStats) { on(s, func(s *stats.End) { s.EndTime = time.Time{} }) }},
		{[]string{`stats End: Error is nil on the network, *status.Error with code Aborted and message "else" in-process`}, func(s stats.RPCStats) {
			on(s, func(s *stats.End) { s.Error = status.Error(codes.Aborted, "else") })
		}},
	} {
		t.Run(c.wants[0], func(t *testing.T) {
			t.Parallel()
			failures := failuresOf(t, func(t testing.TB) {
				compareWith(t, edited(c.edit), callUnary("message"))
			})
			mustFailWith(t, failures, c.wants...)
		})
	}
}

// Authority is a field of grpc-go v1.85.0 and later.
func TestCompareReportsTheAuthorityOfStatsEvents(t *testing.T) {
	t.Parallel()
	if !reflect.ValueOf(new(stats.OutHeader)).Elem().FieldByName("Authority").IsValid() {
		t.Skip("this version of grpc-go does not have the field")
	}
	edit := statsEdit(func(s stats.RPCStats) {
		on(s, func(s *stats.OutHeader) { reflect.ValueOf(s).Elem().FieldByName("Authority").SetString("") })
	})
	failures := failuresOf(t, func(t testing.TB) {
		compareWith(t, before(inprocchain.WithClientStatsHandlers(edit)), callUnary("message"))
	})
	mustFailWith(t, failures, "stats OutHeader: Authority is set on the network, not set in-process")
}

// on calls edit if s has the type S.
func on[S stats.RPCStats](s stats.RPCStats, edit func(S)) {
	if s, ok := s.(S); ok {
		edit(s)
	}
}
