package iam

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
)

// managed holds AWS's own policies, by their path and name: those that this
// module, its callers and its tests may attach. What they allow is as in
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/.
//
//go:embed managed
var managed embed.FS

// managedCreated is when AWS's policies are said to be made.
var managedCreated = time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC)

// managedPolicies reads AWS's own policies; the documents say arn:aws and are
// made the partition's.
func managedPolicies(a *core.Account) map[string]*managedPolicy {
	policies := map[string]*managedPolicy{}
	for _, directory := range []string{"managed", "managed/service-role"} {
		entries, err := managed.ReadDir(directory)
		if err != nil {
			panic(fmt.Sprintf("listing the embedded policies: %v", err)) // a fault of the build
		}
		for _, entry := range entries {
			if entry.IsDir() {
				continue
			}
			p := readManaged(a, path.Join(directory, entry.Name()))
			policies[p.ARN] = p
		}
	}
	return policies
}

func readManaged(a *core.Account, file string) *managedPolicy {
	raw, err := managed.ReadFile(file)
	if err != nil || !json.Valid(raw) {
		panic(fmt.Sprintf("reading the embedded policy %s: %v", file, err)) // a fault of the build
	}
	at := strings.TrimSuffix(strings.TrimPrefix(file, "managed"), ".json")
	directory, name := path.Split(at)
	sum := sha256.Sum256([]byte(at))
	return &managedPolicy{
		ID: "ANPA" + strings.ToUpper(hex.EncodeToString(sum[:]))[:17], Name: name, Path: directory, ARN: "arn:" + a.Partition + ":iam::aws:policy" + at,
		Created: managedCreated, Updated: managedCreated, Default: "v1", Next: 2, Tags: tags.Set{},
		Versions: map[string]*policyVersion{"v1": {
			ID: "v1", Document: strings.ReplaceAll(string(raw), "arn:aws:", "arn:"+a.Partition+":"), Created: managedCreated,
		}},
	}
}
