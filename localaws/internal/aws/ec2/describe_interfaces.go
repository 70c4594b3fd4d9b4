package ec2

import (
	"context"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
)

type interfaceItem struct {
	interfaceFacts
	AvailabilityZone string          `out:"availabilityZone"`
	RequesterID      string          `out:"requesterId"`
	RequesterManaged bool            `out:"requesterManaged"`
	IPv6Addresses    []string        `out:"ipv6AddressesSet"`
	Attachment       *attachmentItem `out:"attachment"`
	Tags             []tags.Tag      `out:"tagSet"`
}

// interfaceFacts are what answers say of interfaces by themselves and as
// instances have them.
type interfaceFacts struct {
	ID              string                  `out:"networkInterfaceId"`
	Description     string                  `out:"description"`
	SubnetID        string                  `out:"subnetId"`
	VPCID           string                  `out:"vpcId"`
	InterfaceType   string                  `out:"interfaceType"`
	OwnerID         string                  `out:"ownerId"`
	Status          string                  `out:"status"`
	MAC             string                  `out:"macAddress"`
	SourceDestCheck bool                    `out:"sourceDestCheck"`
	PrivateIP       string                  `out:"privateIpAddress"`
	PrivateDNSName  string                  `out:"privateDnsName"`
	PrivateIPs      []privateIPItem         `out:"privateIpAddressesSet"`
	Groups          []groupID               `out:"groupSet"`
	Association     *addressAssociationItem `out:"association"`
}

type groupID struct {
	ID   string `out:"groupId"`
	Name string `out:"groupName"`
}

type privateIPItem struct {
	Address        string                  `out:"privateIpAddress"`
	Primary        bool                    `out:"primary"`
	PrivateDNSName string                  `out:"privateDnsName"`
	Association    *addressAssociationItem `out:"association"`
}

type attachmentItem struct {
	ID                  string    `out:"attachmentId"`
	Attached            time.Time `out:"attachTime"`
	DeleteOnTermination bool      `out:"deleteOnTermination"`
	DeviceIndex         int       `out:"deviceIndex"`
	NetworkCardIndex    int       `out:"networkCardIndex"`
	InstanceID          string    `out:"instanceId"`
	InstanceOwnerID     string    `out:"instanceOwnerId"`
	Status              string    `out:"status"`
}

type addressAssociationItem struct {
	AllocationID  string `out:"allocationId"`
	AssociationID string `out:"associationId"`
	OwnerID       string `out:"ipOwnerId"`
	PublicIP      string `out:"publicIp"`
	PublicDNSName string `out:"publicDnsName"`
}

func (s *interfaceOperations) interfaceItem(eni *networkInterface) interfaceItem {
	return interfaceItem{
		interfaceFacts: s.facts(eni), AvailabilityZone: eni.AvailabilityZone, RequesterID: eni.RequesterID,
		RequesterManaged: eni.requesterManaged(), IPv6Addresses: []string{}, Attachment: eni.attachment(), Tags: s.tagsOf(eni.ID).List(),
	}
}

func (s *interfaceOperations) facts(eni *networkInterface) interfaceFacts {
	facts := interfaceFacts{
		ID: eni.ID, Description: eni.Description, SubnetID: eni.SubnetID, VPCID: eni.VPCID, InterfaceType: eni.Type, OwnerID: s.account.ID,
		Status: eni.status(), MAC: eni.MAC, SourceDestCheck: eni.Type != natGatewayType, PrivateIP: eni.PrivateIP,
		PrivateDNSName: s.privateName(eni.PrivateIP), Groups: s.groupIDs(eni.Groups), Association: s.addressAssociation(eni),
	}
	facts.PrivateIPs = []privateIPItem{{eni.PrivateIP, true, facts.PrivateDNSName, facts.Association}}
	return facts
}

// requesterManaged reports whether AWS made it for a service of its own.
func (eni *networkInterface) requesterManaged() bool { return eni.RequesterID != "" }

func (eni *networkInterface) status() string {
	if eni.AttachmentID == "" {
		return "available"
	}
	return "in-use"
}

func (eni *networkInterface) attachment() *attachmentItem {
	if eni.AttachmentID == "" {
		return nil
	}
	item := &attachmentItem{
		ID: eni.AttachmentID, Attached: eni.Attached, InstanceID: eni.InstanceID, InstanceOwnerID: eni.InstanceOwnerID, Status: "attached",
		DeleteOnTermination: eni.InstanceID != "",
	}
	if eni.InstanceID == "" {
		item.DeviceIndex = 1
	}
	return item
}

func (s *interfaceOperations) addressAssociation(eni *networkInterface) *addressAssociationItem {
	if eni.PublicIP == "" {
		return nil
	}
	item := &addressAssociationItem{PublicIP: eni.PublicIP, PublicDNSName: s.publicName(eni.VPCID, eni.PublicIP), OwnerID: amazonAlias}
	if eni.InstanceOwnerID != "" && eni.InstanceID == "" {
		item.OwnerID = eni.InstanceOwnerID
	}
	if address, ok := s.byInterface(eni.ID); ok {
		item.AllocationID, item.AssociationID, item.OwnerID = address.AllocationID, address.AssociationID, s.account.ID
	}
	return item
}

// privateName is a host's name inside the VPC, such as
// ip-10-0-1-7.us-west-2.compute.internal.
func (s *interfaceOperations) privateName(address string) string {
	name := "ip-" + strings.ReplaceAll(address, ".", "-")
	if s.account.Region == "us-east-1" {
		return name + ".ec2.internal"
	}
	return name + "." + s.account.Region + ".compute.internal"
}

// publicName is a host's name on the internet: "" without a public address, or
// in a VPC that gives no names.
func (s *interfaceOperations) publicName(vpcID, address string) string {
	if v, ok := s.vpcs.Get(vpcID); address == "" || !ok || !v.DNSHostnames {
		return ""
	}
	name := "ec2-" + strings.ReplaceAll(address, ".", "-")
	if s.account.Region == "us-east-1" {
		return name + ".compute-1." + s.account.DNSSuffix()
	}
	return name + "." + s.account.Region + ".compute." + s.account.DNSSuffix()
}

func (s *interfaceOperations) family() family[*networkInterface] {
	attached := func(get func(*networkInterface) string) func(*networkInterface) []string {
		return func(eni *networkInterface) []string {
			if eni.AttachmentID == "" {
				return nil
			}
			return one(get(eni))
		}
	}
	allocated := func(get func(*elasticIP) string) func(*networkInterface) []string {
		return func(eni *networkInterface) []string {
			if address, ok := s.byInterface(eni.ID); ok {
				return one(get(address))
			}
			return nil
		}
	}
	private := func(eni *networkInterface) []string { return one(eni.PrivateIP) }
	public := func(eni *networkInterface) []string { return one(eni.PublicIP) }
	return family[*networkInterface]{
		all: list(s.interfaces), id: func(eni *networkInterface) string { return eni.ID }, notFound: interfaceNotFound,
		attributes: attributes[*networkInterface]{
			"availability-zone":    func(eni *networkInterface) []string { return one(eni.AvailabilityZone) },
			"description":          func(eni *networkInterface) []string { return one(eni.Description) },
			"group-id":             func(eni *networkInterface) []string { return eni.Groups },
			"group-name":           func(eni *networkInterface) []string { return s.namesOfGroups(eni) },
			"interface-type":       func(eni *networkInterface) []string { return one(eni.Type) },
			"mac-address":          func(eni *networkInterface) []string { return one(eni.MAC) },
			"network-interface-id": func(eni *networkInterface) []string { return one(eni.ID) },
			"owner-id":             func(*networkInterface) []string { return one(s.account.ID) },
			"private-dns-name":     func(eni *networkInterface) []string { return one(s.privateName(eni.PrivateIP)) },
			"private-ip-address":   private,
			"requester-id":         func(eni *networkInterface) []string { return one(eni.RequesterID) },
			"requester-managed":    func(eni *networkInterface) []string { return oneBool(eni.requesterManaged()) },
			"source-dest-check":    func(eni *networkInterface) []string { return oneBool(eni.Type != natGatewayType) },
			"status":               func(eni *networkInterface) []string { return one(eni.status()) },
			"subnet-id":            func(eni *networkInterface) []string { return one(eni.SubnetID) },
			"vpc-id":               func(eni *networkInterface) []string { return one(eni.VPCID) },

			"addresses.private-ip-address":    private,
			"addresses.primary":               func(*networkInterface) []string { return oneBool(true) },
			"addresses.association.public-ip": public,
			"association.public-ip":           public,
			"association.allocation-id":       allocated(func(a *elasticIP) string { return a.AllocationID }),
			"association.association-id":      allocated(func(a *elasticIP) string { return a.AssociationID }),

			"attachment.attachment-id":     attached(func(eni *networkInterface) string { return eni.AttachmentID }),
			"attachment.instance-id":       attached(func(eni *networkInterface) string { return eni.InstanceID }),
			"attachment.instance-owner-id": attached(func(eni *networkInterface) string { return eni.InstanceOwnerID }),
			"attachment.status":            attached(func(*networkInterface) string { return "attached" }),
		},
	}
}

func (s *interfaceOperations) namesOfGroups(eni *networkInterface) []string {
	return each(s.groupIDs(eni.Groups), func(g groupID) string { return g.Name })
}

type describeInterfacesInput struct {
	selection
	IDs                     []string `in:"NetworkInterfaceId"`
	IncludeManagedResources *bool
}

type describeInterfacesOutput struct {
	Interfaces []interfaceItem `out:"networkInterfaceSet"`
	NextToken  string
}

func (s *interfaceOperations) describeNetworkInterfaces(_ context.Context, in *describeInterfacesInput) (*describeInterfacesOutput, error) {
	page, next, err := choose(s.records, s.family(), in.IDs, in.selection)
	return &describeInterfacesOutput{Interfaces: each(page, s.interfaceItem), NextToken: next}, err
}
