package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func TestUnknownMethodsFailAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, method := range []string{
		"", "/", "bad", "/bad", "//", "/svc", "svc/Method", "/unknown/M", "/test.Service/Unknown",
		"/test.Service/", "/test.Service", "test.Service/Unary", "//test.Service/Unary",
		"/test.Service/Unary/", "/a/b/c", "/test.Service/unary", "/ä/ö",
	} {
		scenarios = append(scenarios, scenario{
			name: fmt.Sprintf("Invoke %q", method),
			calls: func(ctx context.Context, call testCaller) error {
				var header, trailer metadata.MD
				return call.Invoke(ctx, method, wrapperspb.String("request"), new(testText), grpc.Header(&header), grpc.Trailer(&trailer))
			},
			code: codes.Unimplemented,
		}, scenario{
			name: fmt.Sprintf("NewStream %q", method),
			calls: func(ctx context.Context, call testCaller) error {
				s, err := call.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
				if err != nil {
					return err
				}
				err = testStream{s}.receiveAll()
				s.Header()
				s.Trailer()
				return err
			},
			code: codes.Unimplemented,
		})
	}
	runScenarios(t, scenarios)
}

// testCreds are per-RPC credentials.
type testCreds struct {
	data   map[string]string
	err    error
	secure bool
}

func (c testCreds) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return c.data, c.err
}

func (c testCreds) RequireTransportSecurity() bool { return c.secure }

// reportingCreds send the arguments and the request info that they receive as metadata.
type reportingCreds struct{}

func (reportingCreds) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	info, ok := credentials.RequestInfoFromContext(ctx)
	var level credentials.CommonAuthInfo
	if auth, ok := info.AuthInfo.(interface {
		GetCommonAuthInfo() credentials.CommonAuthInfo
	}); ok {
		level = auth.GetCommonAuthInfo()
	}
	path := uri[0][strings.Index(uri[0], "//")+2:]
	return map[string]string{
		"received": fmt.Sprint(len(uri), path[strings.Index(path, "/"):], ok, info.Method, level.SecurityLevel),
	}, nil
}

func (reportingCreds) RequireTransportSecurity() bool { return true }

func TestCallOptionsTakeEffectAsOnANetwork(t *testing.T) {
	creds := func(c testCreds) []grpc.CallOption { return []grpc.CallOption{grpc.PerRPCCredentials(c)} }
	var scenarios []scenario
	for _, c := range []struct {
		name string
		opts []grpc.CallOption
		code codes.Code
	}{
		{"wait for ready", []grpc.CallOption{grpc.WaitForReady(true)}, codes.OK},
		{"do not wait for ready", []grpc.CallOption{grpc.WaitForReady(true), grpc.WaitForReady(false)}, codes.OK},
		{"empty option", []grpc.CallOption{grpc.EmptyCallOption{}}, codes.OK},
		{"static method", []grpc.CallOption{grpc.StaticMethod()}, codes.OK},
		{"on finish", []grpc.CallOption{grpc.OnFinish(func(error) {})}, codes.OK},
		{"send limit of the message size", []grpc.CallOption{grpc.MaxCallSendMsgSize(9)}, codes.OK},
		{"send limit below the message size", []grpc.CallOption{grpc.MaxCallSendMsgSize(8)}, codes.ResourceExhausted},
		{"send limit of zero", []grpc.CallOption{grpc.MaxCallSendMsgSize(0)}, codes.ResourceExhausted},
		{"receive limit of the message size", []grpc.CallOption{grpc.MaxCallRecvMsgSize(9)}, codes.OK},
		{"receive limit below the message size", []grpc.CallOption{grpc.MaxCallRecvMsgSize(8)}, codes.ResourceExhausted},
		{"two receive limits", []grpc.CallOption{grpc.MaxCallRecvMsgSize(1), grpc.MaxCallRecvMsgSize(9)}, codes.OK},
		{"credentials", creds(testCreds{data: map[string]string{"Authorization": "token", "key-bin": "\x00\x01"}}), codes.OK},
		{"credentials that require security", creds(testCreds{data: map[string]string{"authorization": "token"}, secure: true}), codes.OK},
		{"credentials that report their arguments", []grpc.CallOption{grpc.PerRPCCredentials(reportingCreds{})}, codes.OK},
		{"credentials without data", creds(testCreds{}), codes.OK},
		{"credentials with a key of the caller's metadata", creds(testCreds{data: map[string]string{"key": "of the credentials"}}), codes.OK},
		{"credentials with reserved keys", creds(testCreds{data: map[string]string{"te": "1", "grpc-status": "1", "grpc-message": "1", "grpc-message-type": "1", "token": "1"}}), codes.OK},
		{"credentials with an illegal key", creds(testCreds{data: map[string]string{"a b": "token"}}), codes.Internal},
		{"credentials with an illegal value", creds(testCreds{data: map[string]string{"key": "a\nb"}}), codes.Internal},
		{"credentials that fail", creds(testCreds{err: errors.New("no token")}), codes.Internal},
		{"credentials that fail with a status", creds(testCreds{err: status.Error(codes.Unauthenticated, "no token")}), codes.Unauthenticated},
		{"credentials that fail with a wrapped status", creds(testCreds{err: fmt.Errorf("wrapped: %w", status.Error(codes.PermissionDenied, "no token"))}), codes.PermissionDenied},
		{"credentials that fail with an illegal status", creds(testCreds{err: status.Error(codes.NotFound, "no token")}), codes.Internal},
		{"credentials that fail with a context error", creds(testCreds{err: context.DeadlineExceeded}), codes.Internal},
	} {
		with := func(ctx context.Context) context.Context {
			return metadata.AppendToOutgoingContext(ctx, "key", "of the caller")
		}
		scenarios = append(scenarios, scenario{
			name: "Unary/" + c.name,
			calls: func(ctx context.Context, call testCaller) error {
				var header, trailer metadata.MD
				var p peer.Peer
				return call.unary(with(ctx), append(c.opts, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&p))...)
			},
			code: c.code,
		})
		for _, method := range allStreams {
			scenarios = append(scenarios, scenario{
				name:  kindOf(method) + "/" + c.name,
				serve: testService{stream: replyWithLast},
				calls: func(ctx context.Context, call testCaller) error {
					var header, trailer metadata.MD
					var p peer.Peer
					s, err := call.stream(with(ctx), method, append(c.opts, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&p))...)
					if err != nil {
						return err
					}
					if err := s.sendAll("request"); err != nil {
						return err
					}
					if method == methodClientStream {
						return s.receiveOne()
					}
					return s.receiveAll()
				},
				code: c.code,
			})
		}
	}
	runScenarios(t, scenarios)
}

func TestLargeMessagesAreSentAsOnANetwork(t *testing.T) {
	large := strings.Repeat("large", 700<<10) // 3.5 MB
	runScenarios(t, []scenario{
		{name: "request and response", calls: func(ctx context.Context, call testCaller) error {
			reply := new(testText)
			if err := call.Invoke(ctx, methodUnary, wrapperspb.String(large), reply); err != nil {
				return err
			}
			if reply.Value != large {
				return errors.New("the reply is not the request")
			}
			return nil
		}},
		{name: "streams", calls: func(ctx context.Context, call testCaller) error {
			return call.exchange(ctx, methodBidiStream, large)
		}},
	})
}
