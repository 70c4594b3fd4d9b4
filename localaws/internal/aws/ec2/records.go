package ec2

import (
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/store"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
)

// records are all that EC2 keeps, each kind by its id, with the account that
// they belong to. What finds one kind is beside that kind.
type records struct {
	account *core.Account

	vpcs             *store.Collection[*vpc]
	subnets          *store.Collection[*subnet]
	internetGateways *store.Collection[*internetGateway]
	natGateways      *store.Collection[*natGateway]
	elasticIPs       *store.Collection[*elasticIP]
	routeTables      *store.Collection[*routeTable]
	networkACLs      *store.Collection[*networkACL]
	securityGroups   *store.Collection[*securityGroup]
	interfaces       *store.Collection[*networkInterface]
	vpcEndpoints     *store.Collection[*vpcEndpoint]
	keyPairs         *store.Collection[*keyPair]
	launchTemplates  *store.Collection[*launchTemplate]
	templateVersions *store.Collection[*templateVersion] // by versionID
	instances        *store.Collection[*instance]

	// tags are those of every resource that has some.
	tags *store.Collection[tags.Set]
	// tokens are the client tokens of requests that made a resource, with its
	// id, so that a request sent twice makes one.
	tokens *store.Collection[string]
	// publicIPs counts the public addresses handed out.
	publicIPs *store.Value[int]
}

func newRecords(a *core.Account) *records {
	return &records{
		account:          a,
		vpcs:             collection[*vpc](a, "vpcs"),
		subnets:          collection[*subnet](a, "subnets"),
		internetGateways: collection[*internetGateway](a, "internetGateways"),
		natGateways:      collection[*natGateway](a, "natGateways"),
		elasticIPs:       collection[*elasticIP](a, "elasticIPs"),
		routeTables:      collection[*routeTable](a, "routeTables"),
		networkACLs:      collection[*networkACL](a, "networkACLs"),
		securityGroups:   collection[*securityGroup](a, "securityGroups"),
		interfaces:       collection[*networkInterface](a, "interfaces"),
		vpcEndpoints:     collection[*vpcEndpoint](a, "vpcEndpoints"),
		keyPairs:         collection[*keyPair](a, "keyPairs"),
		launchTemplates:  collection[*launchTemplate](a, "launchTemplates"),
		templateVersions: collection[*templateVersion](a, "templateVersions"),
		instances:        collection[*instance](a, "instances"),
		tags:             collection[tags.Set](a, "tags"),
		tokens:           collection[string](a, "tokens"),
		publicIPs:        store.NewValue[int](a.Records, "ec2", "publicIPs"),
	}
}

func collection[T any](a *core.Account, kind string) *store.Collection[T] {
	return store.NewCollection[T](a.Records, "ec2", kind)
}

// list returns a function that lists a collection's records.
func list[T any](c *store.Collection[T]) func() []T {
	return func() []T {
		all := make([]T, 0, c.Len())
		for _, record := range c.All() {
			all = append(all, record)
		}
		return all
	}
}

// find returns the first record that fits.
func find[T any](c *store.Collection[T], fits func(T) bool) (record T, ok bool) {
	for _, record := range c.All() {
		if fits(record) {
			return record, true
		}
	}
	return record, false
}

// has reports whether a record fits.
func has[T any](c *store.Collection[T], fits func(T) bool) bool {
	_, ok := find(c, fits)
	return ok
}

// get returns a record, or the refusal of a request whose parameter names none.
func get[T any](c *store.Collection[T], id, parameter string, notFound func(id string) error) (record T, err error) {
	record, ok := c.Get(id)
	switch {
	case ok:
		return record, nil
	case id == "":
		return record, missing(parameter)
	}
	return record, notFound(id)
}

// setTags gives a new resource its tags.
func (s *records) setTags(id string, all tags.Set) {
	if len(all) > 0 {
		s.tags.Put(id, all)
	} else {
		s.tags.Delete(id)
	}
}

func (s *records) tagsOf(id string) tags.Set {
	all, _ := s.tags.Get(id)
	return all
}

// remember keeps the client token of a request that made a resource of the kind
// with that prefix.
func (s *records) remember(prefix, token, id string) {
	if token != "" {
		s.tokens.Put(prefix+" "+token, id)
	}
}

// made returns the id of what a request with that client token made, or "".
func (s *records) made(prefix, token string) string {
	id, _ := s.tokens.Get(prefix + " " + token)
	return id
}

// forget drops what is kept beside a resource.
func (s *records) forget(id string) {
	s.tags.Delete(id)
	for token, made := range s.tokens.All() {
		if made == id {
			s.tokens.Delete(token)
		}
	}
}
