package machines

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// instanceMetadata is where every instance finds what it is.
var instanceMetadata = netip.MustParseAddrPort("169.254.169.254:80")

// errHops is what a container sees of metadata that is for the instance only.
var errHops = errors.New("i/o timeout: the instance metadata service answers containers only with a hop limit of 2 (http_put_response_hop_limit)")

// Credentials are what programs on an instance get, in the fields that the
// metadata of instances and of tasks share. localaws accepts any credentials.
func Credentials(now time.Time) map[string]string {
	return map[string]string{
		"AccessKeyId": "LOCALAWS", "SecretAccessKey": "localaws", "Token": "localaws",
		"Expiration": now.Add(6 * time.Hour).UTC().Format(time.RFC3339),
	}
}

// metadata is EC2's instance metadata, with sessions (IMDSv2) where the instance
// asks for them.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html
func (m *Machine) metadata() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut || r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
			http.Error(w, "400 - Bad Request", http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, m.token) // the client may have gone
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Aws-Ec2-Metadata-Token")
		if token != m.token && (token != "" || m.Instance.MetadataTokens != "optional") {
			http.Error(w, "401 - Unauthorized", http.StatusUnauthorized)
			return
		}
		text, ok := m.metadataValues()[strings.TrimPrefix(r.URL.Path, "/latest/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, text) // the client may have gone
	})
	return mux
}

// metadataValues are all values of the instance metadata by their paths.
func (m *Machine) metadataValues() map[string]string {
	a, i := m.machines.account, &m.Instance
	values := map[string]string{
		"meta-data/instance-id": i.ID, "meta-data/instance-type": i.Type, "meta-data/ami-id": i.ImageID,
		"meta-data/local-ipv4": i.PrivateIP, "meta-data/placement/region": a.Region,
		"meta-data/placement/availability-zone": i.AvailabilityZone, "user-data": string(i.UserData),
		"meta-data/services/domain": a.DNSSuffix(), "meta-data/services/partition": a.Partition,
	}
	if i.PublicIP != "" {
		values["meta-data/public-ipv4"] = i.PublicIP
	}
	role := ""
	a.Do(func() { role, _ = m.Role() })
	if role != "" {
		name := role[strings.LastIndexByte(role, '/')+1:]
		given := Credentials(a.Clock.Now())
		given["Code"], given["Type"] = "Success", "AWS-HMAC"
		encoded, _ := json.Marshal(given) // strings always can be
		values["meta-data/iam/security-credentials/"], values["meta-data/iam/security-credentials/"+name] = name, string(encoded)
	}
	return values
}
