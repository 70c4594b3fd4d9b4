package ecs

import "slices"

// page cuts a list as maxResults and nextToken say; the token is the last item
// of the page before. Items must be sorted or keep their order.
func page[T ~string](items []T, maxResults *int32, token string) ([]T, T, error) {
	if token != "" {
		at := slices.Index(items, T(token))
		if at < 0 {
			return nil, "", invalid("Invalid token %q.", token)
		}
		items = items[at+1:]
	}
	limit := 100
	if maxResults != nil {
		limit = int(*maxResults)
	}
	if len(items) <= limit {
		return list(items), "", nil
	}
	return items[:limit], items[limit-1], nil
}
