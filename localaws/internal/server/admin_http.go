package server

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
)

// ServeHTTP answers the AWS APIs and, below /_localaws/, questions about the
// server itself.
//
// A web page that a browser shows on this machine must not use either: browsers say
// from which page a request comes, and a page whose own name leads to a loopback
// address sends that name.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		http.Error(w, "localaws refuses requests of web pages, such as of "+origin, http.StatusForbidden)
		return
	}
	if strings.HasPrefix(r.URL.Path, client.Prefix) && !isLoopback(r.Host) {
		http.Error(w, "localaws must be asked by a loopback address, not as "+r.Host, http.StatusForbidden)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /":
		// To S3 that is ListBuckets, which clients sign.
		if r.Header.Get("Authorization") != "" || r.URL.RawQuery != "" {
			s.wire.ServeHTTP(w, r)
			return
		}
		s.introduce(w)
	case "GET " + client.StatusPath:
		answerJSON(w, http.StatusOK, s.status())
	case "GET " + client.HostsPath:
		answerJSON(w, http.StatusOK, s.hosts())
	case "GET " + client.ResolvePath:
		s.answerResolve(w, r)
	case "GET " + client.FaultsPath:
		answerJSON(w, http.StatusOK, s.faults.list())
	case "PUT " + client.FaultsPath:
		s.answerSetFaults(w, r)
	case "POST " + client.StopPath:
		w.WriteHeader(http.StatusAccepted)
		s.options.Stop()
	default:
		s.wire.ServeHTTP(w, r)
	}
}

// isLoopback reports whether a Host header names this machine to itself.
func isLoopback(host string) bool {
	name := host
	if cut, _, err := net.SplitHostPort(host); err == nil {
		name = cut
	}
	address, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return name == "localhost" || err == nil && address.IsLoopback()
}

// introduce says what this is, for a person who opens the endpoint.
func (s *Server) introduce(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, `This is localaws, an AWS on this machine, in region %[1]s.

A shell that uses it:  eval "$(localaws env -dir %[2]s)"
What it holds:         localaws status -dir %[2]s
`, s.options.Region, s.options.Directory)
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

func (s *Server) answerResolve(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	route, err := s.route(query.Get("network"), net.JoinHostPort(query.Get("host"), query.Get("port")))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	answerJSON(w, http.StatusOK, route)
}

// Resolve returns the ip:port to dial by TCP for a host:port, the host found as
// the embedded DNS has it.
func (s *Server) Resolve(hostPort string) (string, error) {
	route, err := s.route("tcp", hostPort)
	return route.Address, err
}

func (s *Server) route(network, hostPort string) (client.Route, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	if err != nil {
		return client.Route{}, fmt.Errorf("%q is not host:port: %w", hostPort, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return client.Route{}, fmt.Errorf("%q is not a valid port", portText)
	}
	addresses := s.world.dns.Lookup(strings.TrimSuffix(host, "."))
	if len(addresses) == 0 {
		return client.Route{}, fmt.Errorf("no such host %q: no record of a public hosted zone, and no load balancer, has this name", host)
	}
	protocol := "tcp"
	if strings.HasPrefix(network, "udp") {
		protocol = "udp"
	}
	to, because := s.network.StandIn(protocol, netip.AddrPortFrom(addresses[0], uint16(port)))
	route := client.Route{Address: to.String()}
	if because != nil {
		route.Because = because.Error()
	}
	return route, nil
}

// hosts lists the names under which listeners can be reached.
func (s *Server) hosts() []client.Host {
	hosts := []client.Host{}
	for _, listener := range s.world.listenerNames() {
		address, err := s.Resolve(net.JoinHostPort(listener.Name, strconv.Itoa(listener.Port)))
		if err == nil {
			hosts = append(hosts, client.Host{Name: listener.Name, Port: listener.Port, Address: address})
		}
	}
	slices.SortFunc(hosts, func(a, b client.Host) int {
		if order := strings.Compare(a.Name, b.Name); order != 0 {
			return order
		}
		return a.Port - b.Port
	})
	return hosts
}

func (s *Server) status() client.Status {
	status := s.world.status()
	status.Unknown = s.wire.Unknown()
	status.MemoryMiB = residentMiB()
	status.CPUSeconds = cpuSeconds()
	return status
}
