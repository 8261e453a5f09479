package inprocchain_test

import (
	"context"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/inprocchain/inprocchain"
)

func TestSmoke(t *testing.T) {
	ch := inprocchain.New()
	grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
	t.Run("ch", func(t *testing.T) { grpchantesting.RunChannelTestCases(t, ch, true) })
	t.Run("cc", func(t *testing.T) { grpchantesting.RunChannelTestCases(t, ch.ClientConn(), true) })
	t.Run("inproc", func(t *testing.T) { grpchantesting.RunChannelTestCases(t, ch.InProcess(), true) })
	if err := ch.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Log(ch.Invoke(context.Background(), "/grpchantesting.TestService/Unary", nil, &grpchantesting.Message{}))
	t.Log(ch.ClientConn().Invoke(context.Background(), "/grpchantesting.TestService/Unary", nil, &grpchantesting.Message{}))
}
