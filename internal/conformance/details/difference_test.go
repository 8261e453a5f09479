package details_test

import (
	"fmt"
	"reflect"
)

// firstDifference says where two values of one type are not deeply equal, or returns "". It also
// looks at unexported fields.
func firstDifference(got, want reflect.Value) string {
	switch got.Kind() {
	case reflect.Pointer:
		if got.Pointer() == want.Pointer() {
			return ""
		}
		fallthrough
	case reflect.Interface:
		if !got.IsNil() && !want.IsNil() && got.Elem().Type() == want.Elem().Type() {
			return firstDifference(got.Elem(), want.Elem())
		}
	case reflect.Struct:
		for i := range got.NumField() {
			if d := firstDifference(got.Field(i), want.Field(i)); d != "" {
				return "." + got.Type().Field(i).Name + d
			}
		}
		return ""
	case reflect.Slice, reflect.Array:
		if got.Len() == want.Len() && (got.Kind() == reflect.Array || got.IsNil() == want.IsNil()) {
			return firstDifferentElement(got, want)
		}
	case reflect.Map:
		if got.Len() == want.Len() && got.IsNil() == want.IsNil() {
			return firstDifferentEntry(got, want)
		}
	default:
		if got.Equal(want) {
			return ""
		}
	}
	if isNil(got) && isNil(want) {
		return ""
	}
	return fmt.Sprintf(" is %#v, want %#v", got, want)
}

func firstDifferentElement(got, want reflect.Value) string {
	for i := range got.Len() {
		if d := firstDifference(got.Index(i), want.Index(i)); d != "" {
			return fmt.Sprintf("[%d]", i) + d
		}
	}
	return ""
}

func firstDifferentEntry(got, want reflect.Value) string {
	for _, key := range got.MapKeys() {
		other := want.MapIndex(key)
		if !other.IsValid() {
			return fmt.Sprintf(" has the key %v", key)
		}
		if d := firstDifference(got.MapIndex(key), other); d != "" {
			return fmt.Sprintf("[%v]", key) + d
		}
	}
	return ""
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return v.IsNil()
	}
	return false
}
