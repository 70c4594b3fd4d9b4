// Package ids makes the ids that AWS gives to resources and requests.
package ids

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// New is a resource id as EC2 makes them: a prefix such as "i", and 17 hex
// digits.
func New(prefix string) string { return prefix + "-" + Hex(17) }

// Hex is n random hexadecimal digits.
func Hex(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b) // never fails: crypto/rand.Read aborts the program instead
	return hex.EncodeToString(b)[:n]
}

// UUID is a random UUID, as request ids and certificate names have.
func UUID() string {
	h := Hex(32)
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}
