package rpc

import (
	"reflect"
	"slices"
	"strings"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// callOptions is the options of an RPC. Most RPCs have none, so the rare ones are
// looked for when they are needed.
type callOptions []grpc.CallOption

// newCallOptions returns opts with each option as the type that grpc-go's own
// function for it returns. An option may be given as a pointer to that type, or
// embedded in another one, since both have its methods.
func newCallOptions(opts []grpc.CallOption) callOptions {
	for len(opts) > 0 && isStaticMethod(opts[0]) { // Generated code puts it first, and it has no effect.
		opts = opts[1:]
	}
	for i, opt := range opts {
		if isKnown(opt) {
			continue
		}
		opts = slices.Clone(opts)
		for ; i < len(opts); i++ {
			if known := embeddedOption(reflect.ValueOf(opts[i])); known != nil && !isOnFinish(known) {
				opts[i] = known
			}
		}
		break
	}
	return opts
}

// isOnFinish is for the option that grpc-go calls only if it is given as it is.
func isOnFinish(opt grpc.CallOption) bool {
	_, ok := opt.(grpc.OnFinishCallOption)
	return ok
}

func isStaticMethod(opt grpc.CallOption) bool {
	_, ok := opt.(grpc.StaticMethodCallOption)
	return ok
}

func isKnown(opt grpc.CallOption) bool {
	switch opt.(type) {
	case grpc.EmptyCallOption, grpc.StaticMethodCallOption, grpc.HeaderCallOption, grpc.TrailerCallOption,
		grpc.PeerCallOption, grpc.FailFastCallOption, grpc.OnFinishCallOption, grpc.MaxRecvMsgSizeCallOption,
		grpc.MaxSendMsgSizeCallOption, grpc.AuthorityOverrideCallOption, grpc.PerRPCCredsCallOption,
		grpc.CompressorCallOption, grpc.ContentSubtypeCallOption, grpc.ForceCodecCallOption, grpc.ForceCodecV2CallOption,
		grpc.CustomCodecCallOption, grpc.MaxRetryRPCBufferSizeCallOption:
		return true
	}
	return false
}

// embeddedOption returns the option of grpc-go that v points to or embeds, or nil.
func embeddedOption(v reflect.Value) grpc.CallOption {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	if v.Type().PkgPath() == reflect.TypeFor[grpc.EmptyCallOption]().PkgPath() && v.CanInterface() {
		opt, _ := v.Interface().(grpc.CallOption)
		return opt
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			if opt := embeddedOption(v.Field(i)); opt != nil {
				return opt
			}
		}
	}
	return nil
}

// onFinish calls what grpc.OnFinish was given.
func (o callOptions) onFinish(err error) {
	for _, opt := range o {
		if opt, ok := opt.(grpc.OnFinishCallOption); ok {
			opt.OnFinish(err)
		}
	}
}

// deliver sets what grpc.Peer, grpc.Header and grpc.Trailer point to.
func (o callOptions) deliver(from *peer.Peer, stream *transportStream) {
	for _, opt := range o {
		switch opt := opt.(type) {
		case grpc.PeerCallOption:
			*opt.PeerAddr = *from
		case grpc.HeaderCallOption:
			*opt.HeaderAddr = stream.receivedHeader()
		case grpc.TrailerCallOption:
			*opt.TrailerAddr = stream.receivedTrailer()
		}
	}
}

// failFast reports whether the RPC does not wait for a connection.
func (o callOptions) failFast() bool {
	failFast := true
	for _, opt := range o {
		if opt, ok := opt.(grpc.FailFastCallOption); ok {
			failFast = opt.FailFast
		}
	}
	return failFast
}

func (o callOptions) credentials() (creds credentials.PerRPCCredentials) {
	for _, opt := range o {
		if opt, ok := opt.(grpc.PerRPCCredsCallOption); ok {
			creds = opt.Creds
		}
	}
	return creds
}

func (o callOptions) authority() (authority string) {
	for _, opt := range o {
		if opt, ok := opt.(grpc.AuthorityOverrideCallOption); ok {
			authority = opt.Authority
		}
	}
	return authority
}

// checkCompressor returns the error of grpc-go for a compressor that is not
// registered. One that is has no effect, since nothing is compressed.
func (o callOptions) checkCompressor() error {
	name := ""
	for _, opt := range o {
		if opt, ok := opt.(grpc.CompressorCallOption); ok {
			name = opt.CompressorType
		}
	}
	if name == "" || name == encoding.Identity || encoding.GetCompressor(name) != nil {
		return nil
	}
	return status.Errorf(codes.Internal, "grpc: Compressor is not installed for requested grpc-encoding %q", name)
}

// codec returns the codec that the options name, and the content subtype of the
// messages. The codec is nil if it is the default one. It follows
// setCallInfoCodec of grpc-go's rpc_util.go.
func (o callOptions) codec() (_ *message.Codec, subtype string, _ error) {
	var forced *message.Codec
	forcedName := ""
	for _, opt := range o {
		switch opt := opt.(type) {
		case grpc.ContentSubtypeCallOption:
			subtype = opt.ContentSubtype
		case grpc.ForceCodecCallOption:
			forced, forcedName = message.NewCodec(opt.Codec), opt.Codec.Name()
		case grpc.ForceCodecV2CallOption:
			forced, forcedName = message.NewCodec(opt.CodecV2), opt.CodecV2.Name()
		case grpc.CustomCodecCallOption:
			forced, forcedName = message.NewCodec(opt.Codec), "" // It names no content subtype.
		}
	}
	switch {
	case forced != nil && subtype == "":
		return forced, strings.ToLower(forcedName), nil
	case forced != nil:
		return forced, subtype, nil
	case subtype == "" || subtype == "proto":
		return nil, subtype, nil
	}
	registered := message.RegisteredCodec(subtype)
	if registered == nil {
		return nil, "", status.Errorf(codes.Internal, "no codec registered for content-subtype %s", subtype)
	}
	return registered, subtype, nil
}

// maxSendSize returns the largest message that may be sent. It reports false if there is no
// limit. As in grpc-go, the last option of a kind holds.
func (o callOptions) maxSendSize() (limit int, ok bool) {
	for _, opt := range o {
		if opt, is := opt.(grpc.MaxSendMsgSizeCallOption); is {
			limit, ok = opt.MaxSendMsgSize, true
		}
	}
	return limit, ok
}

// maxRecvSize is maxSendSize for messages that are received.
func (o callOptions) maxRecvSize() (limit int, ok bool) {
	for _, opt := range o {
		if opt, is := opt.(grpc.MaxRecvMsgSizeCallOption); is {
			limit, ok = opt.MaxRecvMsgSize, true
		}
	}
	return limit, ok
}

// checkSend returns the status for a message that is too large to be sent. The text is that
// of SendMsg in grpc-go's stream.go.
func (o callOptions) checkSend(size int) error {
	if limit, ok := o.maxSendSize(); ok && size > limit {
		return status.Errorf(codes.ResourceExhausted, "trying to send message larger than max (%d vs. %d)", size, limit)
	}
	return nil
}

func (o callOptions) checkReceived(size int) error {
	if limit, ok := o.maxRecvSize(); ok {
		return wire.CheckReceivedSize(size, limit)
	}
	return nil
}

// A format says in which form messages are sent.
type format struct {
	contentType        string
	toServer, toClient *message.Transfer

	contract *message.Contract // of shared messages; may be nil
	watch    *message.Watch    // of those of one RPC; may be nil
}

// newFormat returns the format of messages that no codec is named for. cloner may be nil.
func newFormat(cloner inprocgrpc.Cloner, share bool) *format {
	transfer := &message.Transfer{Cloner: cloner, Share: share}
	f := &format{contentType: wire.ContentType(""), toServer: transfer, toClient: transfer}
	if share {
		f.contract = message.NewContract()
	}
	return f
}

// forRPC returns the format of the messages of one RPC.
func (f *format) forRPC(method string) *format {
	watch := f.contract.Watch(method)
	if watch == nil {
		return f
	}
	watched := *f
	watched.watch, watched.toServer, watched.toClient = watch, watch.Requests(f.toServer), watch.Responses(f.toClient)
	return &watched
}
