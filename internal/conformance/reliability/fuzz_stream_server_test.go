package reliability_test

import (
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// serveProgram executes the commands in the messages of a FuzzStream program.
func serveProgram(ss grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(ss)
	var last *wrapperspb.BytesValue
	for {
		m := new(wrapperspb.BytesValue)
		switch err := ss.RecvMsg(m); {
		case err == io.EOF && last != nil && method == scriptedClientStream:
			return sendReplies(ss, last)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if ended, err := execute(ss, commandOf(m.Value)); ended {
			return err
		}
		last = m
		if method == scriptedClientStream {
			continue
		}
		if err := sendReplies(ss, m); err != nil {
			return err
		}
		if method == scriptedServerStream {
			return ss.SendMsg(m)
		}
	}
}

// commandOf returns the command in a message.
func commandOf(value []byte) byte {
	if len(value) == 0 {
		return 'p'
	}
	return value[0]
}

func execute(ss grpc.ServerStream, command byte) (ended bool, err error) {
	switch command {
	case 'h':
		err = ss.SendHeader(metadata.Pairs("key", "sent"))
		return err != nil, err
	case 's':
		_ = ss.SetHeader(metadata.Pairs("key", "set")) // It fails if the header has been sent.
	case 't':
		ss.SetTrailer(metadata.Pairs("key", "set"))
	case 'e':
		return true, status.Error(codes.DataLoss, "command e")
	case 'x':
		return true, nil
	}
	return false, nil
}

func sendReplies(ss grpc.ServerStream, m *wrapperspb.BytesValue) error {
	if commandOf(m.Value) == 'd' {
		if err := ss.SendMsg(m); err != nil {
			return err
		}
	}
	return ss.SendMsg(m)
}
