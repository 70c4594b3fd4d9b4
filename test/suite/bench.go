package suite

import (
	"context"
	"errors"
	"io"
)

// Bench measures.
func Bench(context.Context, Settings, io.Writer) error { return errors.New("not yet") }
