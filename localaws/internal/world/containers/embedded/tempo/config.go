package tempo

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// Config is what of Tempo's configuration has an effect here,
// https://grafana.com/docs/tempo/latest/configuration/.
type Config struct {
	Target string
	// HTTP is the server's own port, GRPC the one for Tempo's other parts.
	HTTP, GRPC netip.AddrPort
	// OTLPGRPC and OTLPHTTP are the receivers' addresses, invalid for none.
	OTLPGRPC, OTLPHTTP netip.AddrPort
}

// document is the YAML; sections without effect here are not looked into.
type document struct {
	Target string `yaml:"target"`
	Server struct {
		HTTPAddress string `yaml:"http_listen_address"`
		HTTPPort    uint16 `yaml:"http_listen_port"`
		GRPCAddress string `yaml:"grpc_listen_address"`
		GRPCPort    uint16 `yaml:"grpc_listen_port"`
	} `yaml:"server"`
	Distributor struct {
		Receivers map[string]receiver `yaml:"receivers"`
	} `yaml:"distributor"`
	Storage struct {
		Trace struct {
			Backend string `yaml:"backend"`
		} `yaml:"trace"`
	} `yaml:"storage"`
}

type receiver struct {
	Protocols map[string]*struct {
		Endpoint string `yaml:"endpoint"`
	} `yaml:"protocols"`
}

// sections are the top-level keys that Tempo knows; another is an error, as there.
var sections = map[string]bool{}

func init() { //nolint:gochecknoinits // a set made of a list
	for _, name := range strings.Fields("target http_api_prefix server internal_server distributor ingester_client " +
		"metrics_generator_client querier query_frontend compactor ingester metrics_generator storage overrides memberlist " +
		"usage_report cache cache_provider backend_scheduler backend_worker live_store block_builder ingest stream_over_http_enabled " +
		"multitenancy_enabled auth_enabled shutdown_delay enable_go_runtime_metrics autocomplete_filtering_enabled " +
		"backend_scheduler_client partition_ring live_store_client") {
		sections[name] = true
	}
}

// parseConfig reads the configuration file.
func parseConfig(content []byte) (*Config, error) {
	var keys map[string]yaml.Node
	if err := yaml.Unmarshal(content, &keys); err != nil {
		return nil, fmt.Errorf("failed to parse configFile: %w", err)
	}
	for key, value := range keys {
		if !sections[key] {
			return nil, fmt.Errorf("failed to parse configFile: yaml: unmarshal errors:\n  line %d: field %s not found in type app.Config", value.Line, key)
		}
	}
	d := document{Target: "all"}
	d.Server.HTTPPort, d.Server.GRPCPort = 3200, 9095
	if err := yaml.Unmarshal(content, &d); err != nil {
		return nil, fmt.Errorf("failed to parse configFile: %w", err)
	}
	return d.config()
}

func (d *document) config() (*Config, error) {
	switch d.Storage.Trace.Backend {
	case "", "local", "s3", "gcs", "azure":
	default:
		return nil, fmt.Errorf("unknown backend %s", d.Storage.Trace.Backend)
	}
	c := &Config{Target: d.Target}
	var errs [4]error
	c.HTTP, errs[0] = endpoint(d.Server.HTTPAddress, d.Server.HTTPPort)
	c.GRPC, errs[1] = endpoint(d.Server.GRPCAddress, d.Server.GRPCPort)
	receivers := d.Distributor.Receivers
	if len(receivers) == 0 {
		// Tempo's own default: only programs of the same machine reach it.
		c.OTLPGRPC = netip.MustParseAddrPort("127.0.0.1:4317")
	}
	if otlp, ok := receivers["otlp"]; ok {
		if grpc, ok := otlp.Protocols["grpc"]; ok {
			c.OTLPGRPC, errs[2] = netip.MustParseAddrPort("127.0.0.1:4317"), nil
			if grpc != nil && grpc.Endpoint != "" {
				c.OTLPGRPC, errs[2] = parseEndpoint(grpc.Endpoint)
			}
		}
		if http, ok := otlp.Protocols["http"]; ok {
			c.OTLPHTTP = netip.MustParseAddrPort("127.0.0.1:4318")
			if http != nil && http.Endpoint != "" {
				c.OTLPHTTP, errs[3] = parseEndpoint(http.Endpoint)
			}
		}
	}
	return c, errors.Join(errs[:]...)
}

func endpoint(host string, port uint16) (netip.AddrPort, error) {
	return parseEndpoint(host + ":" + strconv.Itoa(int(port)))
}

// parseEndpoint reads host:port; no host means all addresses.
func parseEndpoint(text string) (netip.AddrPort, error) {
	host, port, ok := cutLast(text, ":")
	number, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("invalid endpoint %q: host:port is expected", text)
	}
	address := netip.IPv4Unspecified()
	switch host = strings.Trim(host, "[]"); host {
	case "":
	case "localhost":
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		if address, err = netip.ParseAddr(host); err != nil {
			return netip.AddrPort{}, fmt.Errorf("invalid endpoint %q: the host is no IP address", text)
		}
	}
	return netip.AddrPortFrom(address, uint16(number)), nil
}

func cutLast(text, separator string) (before, after string, ok bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// flags are what of the command line has an effect here.
type flags struct {
	file      string
	expandEnv bool
	target    string
	http      string
	grpc      string
	verify    bool
	version   bool
	health    bool
	healthURL string
}

func parseFlags(args []string) (*flags, error) {
	f := &flags{healthURL: "http://localhost:3200/ready"}
	values := map[string]*string{
		"config.file": &f.file, "target": &f.target, "server.http-listen-port": &f.http,
		"server.grpc-listen-port": &f.grpc, "health.url": &f.healthURL, "log.level": new(string),
		"storage.trace.backend": new(string), "mem-ballast-size-mbs": new(string),
	}
	switches := map[string]*bool{
		"config.expand-env": &f.expandEnv, "config.verify": &f.verify, "version": &f.version, "health": &f.health,
	}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !strings.HasPrefix(args[i], "-") {
			return nil, fmt.Errorf("unexpected argument %q", args[i])
		}
		if on := switches[name]; on != nil {
			*on = value != "false"
			continue
		}
		into := values[name]
		if into == nil {
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		if !hasValue {
			if i++; i == len(args) {
				return nil, fmt.Errorf("flag needs an argument: -%s", name)
			}
			value = args[i]
		}
		*into = value
	}
	return f, nil
}

// load reads the configuration that the command line names.
func load(p *kernel.Process, f *flags) (*Config, error) {
	var content []byte
	if f.file != "" {
		var err error
		if content, err = p.Kernel.Files.ReadFile(p.Path(f.file)); err != nil {
			return nil, fmt.Errorf("failed to read configFile %s: open %s: %s", f.file, f.file, strings.ToLower(kernel.Reason(err)))
		}
	}
	if f.expandEnv {
		content = []byte(os.Expand(string(content), func(name string) string {
			name, otherwise, _ := strings.Cut(name, ":")
			if value := p.Env[name]; value != "" {
				return value
			}
			return otherwise
		}))
	}
	c, err := parseConfig(content)
	if err != nil {
		return nil, err
	}
	for text, into := range map[*string]*netip.AddrPort{&f.http: &c.HTTP, &f.grpc: &c.GRPC} {
		if *text == "" {
			continue
		}
		port, err := strconv.ParseUint(*text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("invalid port %q", *text)
		}
		*into = netip.AddrPortFrom(into.Addr(), uint16(port))
	}
	if f.target != "" {
		c.Target = f.target
	}
	return c, nil
}
