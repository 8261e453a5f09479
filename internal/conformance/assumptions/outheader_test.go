package assumptions

import (
	"reflect"
	"testing"

	"google.golang.org/grpc/stats"
)

// The library sets the field by its name, because the oldest grpc-go that it supports does
// not have it.
func TestAuthorityOfOutHeader(t *testing.T) {
	t.Parallel()
	field, ok := reflect.TypeFor[stats.OutHeader]().FieldByName("Authority")
	if !ok || field.Type.Kind() != reflect.String {
		t.Errorf("stats.OutHeader has no field Authority of type string, but %v. "+
			"See what replaces it, and change OutHeader in internal/observe.", field.Type)
	}
}
