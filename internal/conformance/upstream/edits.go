package main

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed testdata
var additions embed.FS

// An edit inserts lines into a file of grpc-go, after or before a text that occurs exactly
// once.
type edit struct {
	file   string
	after  string
	before string
	insert string
}

// grpcEdits insert calls of the functions that testdata/grpc adds into a copy of grpc-go.
var grpcEdits = []edit{
	{file: "clientconn.go", after: "type ClientConn struct {\n", insert: "\tinproc inprocClient\n"},
	{
		file:   "clientconn.go",
		before: "\t// Register ClientConn with channelz. Note",
		insert: "\tif replacement := inprocDial(cc); replacement != nil {\n\t\treturn replacement, nil\n\t}\n",
	},
	{
		file:   "clientconn.go",
		after:  "\tcc, err := NewClient(target, opts...)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n",
		insert: "\tif cc.inproc.replaced {\n\t\treturn cc, nil\n\t}\n",
	},
	{file: "call.go", before: "\topts = combine(cc.dopts.callOptions, opts)\n", insert: "\tcc.inproc.calling(method)\n"},
	{file: "stream.go", before: "\topts = combine(cc.dopts.callOptions, opts)\n", insert: "\tcc.inproc.calling(method)\n"},
	{file: "server.go", after: "type Server struct {\n", insert: "\tinproc inprocServer\n"},
	{
		file:   "server.go",
		after:  "\ts.services[sd.ServiceName] = info\n",
		insert: "\ts.inproc.services = append(s.inproc.services, InprocService{sd, ss})\n",
	},
	{
		file:   "server.go",
		after:  "\tchannelz.Info(logger, s.channelz, \"Server created\")\n",
		insert: "\tif InprocHooks.Created != nil {\n\t\tInprocHooks.Created(s)\n\t}\n",
	},
	{
		file:   "server.go",
		after:  "\tchannelz.Info(logger, ls.channelz, \"ListenSocket created\")\n",
		insert: "\tif InprocHooks.Serving != nil {\n\t\tInprocHooks.Serving(s, lis)\n\t}\n",
	},
	{
		file:   "server.go",
		after:  "\ts.serveWG.Wait()\n",
		insert: "\tif InprocHooks.Stopping != nil {\n\t\tInprocHooks.Stopping(s, graceful)\n\t}\n",
	},
	{
		file:   "test/bufconn/bufconn.go",
		before: "\tp1, p2 := newPipe(l.sz), newPipe(l.sz)\n",
		insert: "\tif InprocProbes.Load() > 0 {\n\t\treturn &InprocProbe{Listener: l}, nil\n\t}\n",
	},
}

// grpcAdditions maps each directory of testdata to the directory of grpc-go to which its
// files are copied.
var grpcAdditions = map[string]string{
	"grpc":    ".",
	"manual":  "resolver/manual",
	"bufconn": "test/bufconn",
	"interop": "interop",
}

// apply returns text with the edit. It fails if the place of the edit does not occur exactly
// once, which may happen with another version of grpc-go.
func (e edit) apply(text string) (string, error) {
	place := e.after + e.before
	if found := strings.Count(text, place); found != 1 {
		return "", fmt.Errorf("%s contains %d times %q, want once", e.file, found, place)
	}
	if e.after != "" {
		return strings.Replace(text, place, place+e.insert, 1), nil
	}
	return strings.Replace(text, place, e.insert+place, 1), nil
}

// editGRPC makes the edits and additions in the files of grpc-go.
func editGRPC(files map[string][]byte) error {
	for _, edit := range grpcEdits {
		edited, err := edit.apply(string(files[edit.file]))
		if err != nil {
			return err
		}
		files[edit.file] = []byte(edited)
	}
	for from, to := range grpcAdditions {
		added, err := added(from)
		if err != nil {
			return err
		}
		for name, content := range added {
			files[path.Join(to, name)] = content
		}
	}
	return nil
}

// added returns the files of a directory of testdata.
func added(dir string) (map[string][]byte, error) {
	entries, err := additions.ReadDir(path.Join("testdata", dir))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		content, err := additions.ReadFile(path.Join("testdata", dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		files[entry.Name()] = content
	}
	return files, nil
}
