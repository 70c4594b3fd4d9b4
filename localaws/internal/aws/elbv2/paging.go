package elbv2

import "strconv"

const maxPageSize = 400

// page returns the part of a list that begins at marker, and the marker of the
// part after it, "" when there is none.
func page[T any](all []T, marker string, size *int32) (part []T, next string, err error) {
	start := 0
	if marker != "" {
		start, err = strconv.Atoi(marker)
		if err != nil || start < 0 || start > len(all) {
			return nil, "", invalid("The marker '%s' is not one that an answer had", marker)
		}
	}
	count := maxPageSize
	if size != nil {
		if *size < 1 || *size > maxPageSize {
			return nil, "", outOfRange("pageSize", *size, 1, maxPageSize)
		}
		count = int(*size)
	}
	end := min(start+count, len(all))
	if end < len(all) {
		next = strconv.Itoa(end)
	}
	// Never nil: an empty list is an element on the wire.
	return append([]T{}, all[start:end]...), next, nil
}
