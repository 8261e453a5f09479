package chaintest

import (
	"reflect"
)

// isEmpty reports whether a value of side effects says that there are none.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Slice:
		return v.Len() == 0
	case reflect.Interface:
		return isEmpty(v.Elem())
	case reflect.Map:
		return v.Len() == 0 || isNumber(v.Type().Elem().Kind()) && hasOnlyZeros(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if !isEmpty(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return v.IsZero()
}

func isNumber(kind reflect.Kind) bool { return kind >= reflect.Int && kind <= reflect.Complex128 }

func hasOnlyZeros(m reflect.Value) bool {
	for entries := m.MapRange(); entries.Next(); {
		if !entries.Value().IsZero() {
			return false
		}
	}
	return true
}

// canAdd reports whether add can add to a value of side effects.
func canAdd(effects any) bool {
	switch kind := reflect.ValueOf(effects).Kind(); kind {
	case reflect.Invalid, reflect.Slice, reflect.Map, reflect.String:
		return true
	default:
		return isNumber(kind)
	}
}

// add returns the value of the side effects of which first was read before then.
func add(first, then any) any {
	a, b := reflect.ValueOf(first), reflect.ValueOf(then)
	switch {
	case !a.IsValid():
		return then
	case !b.IsValid() || a.Type() != b.Type():
		return first
	}
	return sum(a, b).Interface()
}

func sum(a, b reflect.Value) reflect.Value {
	total := reflect.New(a.Type()).Elem()
	switch {
	case a.Kind() == reflect.Slice:
		return reflect.AppendSlice(a.Slice3(0, a.Len(), a.Len()), b)
	case a.Kind() == reflect.Map:
		return sumOfMaps(a, b)
	case a.Kind() == reflect.String:
		total.SetString(a.String() + b.String())
	case a.CanInt():
		total.SetInt(a.Int() + b.Int())
	case a.CanUint():
		total.SetUint(a.Uint() + b.Uint())
	case a.CanFloat():
		total.SetFloat(a.Float() + b.Float())
	case a.CanComplex():
		total.SetComplex(a.Complex() + b.Complex())
	}
	return total
}

// sumOfMaps adds the numbers of equal keys. Of other values it takes the later one.
func sumOfMaps(a, b reflect.Value) reflect.Value {
	total := reflect.MakeMap(a.Type())
	for entries := a.MapRange(); entries.Next(); {
		total.SetMapIndex(entries.Key(), entries.Value())
	}
	for entries := b.MapRange(); entries.Next(); {
		value := entries.Value()
		if before := total.MapIndex(entries.Key()); before.IsValid() && isNumber(value.Kind()) {
			value = sum(before, value)
		}
		total.SetMapIndex(entries.Key(), value)
	}
	return total
}

// sizeOf returns how much there is of a value of side effects, or 0 if that is unknown.
func sizeOf(effects any) float64 {
	v := reflect.ValueOf(effects)
	switch {
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		return float64(v.Len())
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return 0
}
