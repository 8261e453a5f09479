package main

// A suite is one row of the table: packages of one module, whose tests are run.
type suite struct {
	name     string
	module   string
	packages []string // relative to the module
	args     []string // flags of the test binaries
	// serial is set if the tests listen on fixed ports. They then run one after the other.
	// They also connect before their servers listen, so the hook waits for the servers.
	serial bool
	// separate is set if each test of a testify suite is run separately, because after a
	// failure the following tests of the suite do not run.
	separate bool
	// version is the version of an application. Its tests are built with its own go.mod, so
	// that it has its own dependencies.
	version string
	tags    string // build tags of the tests
}

// applications are programs that serve gRPC and call their own services in the same process. A
// version is the newest one that this project's Go compiles. etcd's is the newest v3.6, whose tests do
// not require go.etcd.io/etcd/cache/v3. Subtests that need Docker are skipped.
// The skipped subtests of cerbos also fail on a network: a file of its module cannot be decrypted, and
// some expect that a policy is in use as soon as the RPC that adds it ends.
var applications = []suite{
	{name: "OpenFGA cmd/run", module: "github.com/openfga/openfga", version: "v1.22.1", packages: []string{"cmd/run"}, args: []string{"-test.skip=/^(mysql|postgres)$"}},
	{name: "cerbos internal/server", module: "github.com/cerbos/cerbos", version: "v0.55.0", packages: []string{"internal/server"}, args: []string{"-test.skip=^TestServer$/^store=bundle_local$|^TestAdminService$/^grpc$/^check_"}, tags: "tests"},
	{name: "SpiceDB", module: "github.com/authzed/spicedb", version: "v1.56.2", packages: []string{"pkg/development", "internal/services/v1", "internal/dispatch/remote"}},
	{name: "etcd clientv3", module: "go.etcd.io/etcd/tests/v3", version: "v3.6.16", packages: []string{"integration/clientv3/lease", "integration/clientv3"}},
}

const grpcModule = "google.golang.org/grpc"

var suites = []suite{
	// grpc-go runs most of its tests in several environments. The others have TLS or a
	// balancer, so their connections cannot be replaced.
	{name: "grpc-go test", module: grpcModule, packages: []string{"test"}, args: []string{"-only_env=tcp-clear-v1-balancer"}},
	{name: "grpc-go stats", module: grpcModule, packages: []string{"stats"}},
	{name: "grpc-go interop", module: grpcModule, packages: []string{"interop"}},
	{name: "grpc-go reflection", module: grpcModule, packages: []string{"reflection/test"}},
	{name: "grpc-go orca", module: grpcModule, packages: []string{"orca"}},
	{name: "grpc-go status", module: grpcModule, packages: []string{"status"}},
	{name: "grpc-go health", module: grpcModule, packages: []string{"health"}},
	{name: "go-grpc-middleware", module: "github.com/grpc-ecosystem/go-grpc-middleware/v2", packages: []string{
		"interceptors",
		"interceptors/auth",
		"interceptors/logging",
		"interceptors/protovalidate",
		"interceptors/ratelimit",
		"interceptors/realip",
		"interceptors/recovery",
		"interceptors/selector",
		"interceptors/timeout",
		"interceptors/validator",
	}},
	{name: "go-grpc-middleware retry", module: "github.com/grpc-ecosystem/go-grpc-middleware/v2", packages: []string{"interceptors/retry"}, separate: true},
	{name: "go-grpc-middleware prometheus", module: "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus", packages: []string{"."}},
	{name: "otelgrpc", module: "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", packages: []string{"."}},
	{name: "grpcurl", module: "github.com/fullstorydev/grpcurl", packages: []string{"."}},
	{name: "protoreflect grpcreflect", module: "github.com/jhump/protoreflect", packages: []string{"grpcreflect"}},
	{name: "protoreflect grpcdynamic", module: "github.com/jhump/protoreflect", packages: []string{"dynamic/grpcdynamic"}},
	{name: "grpc-gateway integration", module: "github.com/grpc-ecosystem/grpc-gateway/v2", packages: []string{"examples/internal/integration"}, serial: true},
}
