// Package scenarios has no code but its tests: what grpc-go does over a network,
// scenario by scenario, compared with a channel by chaintest.
package scenarios
