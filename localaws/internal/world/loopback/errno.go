package loopback

import (
	"errors"
	"syscall"
)

// errAddressNotAvailable is what a system says that has no 127.0.0.0/8 but
// 127.0.0.1.
const errAddressNotAvailable = syscall.EADDRNOTAVAIL

// canStandIn reports whether binding failed for a reason that another port
// cures: no such address, or no privilege for a port below 1024.
func canStandIn(err error) bool {
	return errors.Is(err, errAddressNotAvailable) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}

// isTakenOrCanStandIn reports whether another port cures it for a caller that
// needs only the address: a port that another socket has counts too.
func isTakenOrCanStandIn(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || canStandIn(err)
}
