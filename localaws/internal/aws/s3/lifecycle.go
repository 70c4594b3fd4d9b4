package s3

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

const minimumTransitionSize = "X-Amz-Transition-Default-Minimum-Object-Size"

// lifecycleXML is a lifecycle configuration; it is there to refuse what is
// wrong, and to give each rule an id.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
type lifecycleXML struct {
	Rules []lifecycleRule `xml:"Rule"`
}

type lifecycleRule struct {
	ID          string                `xml:",omitempty"`
	Prefix      *string               `xml:",omitempty"`
	Filter      *lifecycleFilter      `xml:",omitempty"`
	Status      string                //
	Expiration  *lifecycleExpiration  `xml:",omitempty"`
	Transitions []lifecycleTransition `xml:"Transition,omitempty"`
	Noncurrent  *struct {
		NoncurrentDays          *int64 `xml:",omitempty"`
		NewerNoncurrentVersions *int64 `xml:",omitempty"`
	} `xml:"NoncurrentVersionExpiration,omitempty"`
	NoncurrentTransitions []struct {
		NoncurrentDays          *int64 `xml:",omitempty"`
		NewerNoncurrentVersions *int64 `xml:",omitempty"`
		StorageClass            string
	} `xml:"NoncurrentVersionTransition,omitempty"`
	Abort *struct{ DaysAfterInitiation int64 } `xml:"AbortIncompleteMultipartUpload,omitempty"`
}

type lifecycleFilter struct {
	Prefix      *string   `xml:",omitempty"`
	Tag         *tags.Tag `xml:",omitempty"`
	GreaterThan *int64    `xml:"ObjectSizeGreaterThan,omitempty"`
	LessThan    *int64    `xml:"ObjectSizeLessThan,omitempty"`
	And         *struct {
		Prefix      *string    `xml:",omitempty"`
		Tags        []tags.Tag `xml:"Tag,omitempty"`
		GreaterThan *int64     `xml:"ObjectSizeGreaterThan,omitempty"`
		LessThan    *int64     `xml:"ObjectSizeLessThan,omitempty"`
	} `xml:",omitempty"`
}

type lifecycleExpiration struct {
	Date                      string `xml:",omitempty"`
	Days                      *int64 `xml:",omitempty"`
	ExpiredObjectDeleteMarker *bool  `xml:",omitempty"`
}

type lifecycleTransition struct {
	Date         string `xml:",omitempty"`
	Days         *int64 `xml:",omitempty"`
	StorageClass string
}

func checkLifecycle(c *call) error {
	var in lifecycleXML
	if err := rest.DecodeXML(c.Body, "LifecycleConfiguration", &in); err != nil {
		return malformedXML(err)
	}
	if len(in.Rules) == 0 {
		return malformedXML(errChunk("the lifecycle has no Rule"))
	}
	seen := map[string]bool{}
	for i := range in.Rules {
		rule := &in.Rules[i]
		if rule.ID == "" {
			rule.ID = ids.Hex(32)
		}
		if seen[rule.ID] {
			return invalidArgument("Rule ID must be unique. Found same ID for more than one rule: %s", rule.ID)
		}
		seen[rule.ID] = true
		if err := rule.check(); err != nil {
			return err
		}
	}
	size := c.Header.Get(minimumTransitionSize)
	if size == "" {
		size = "all_storage_classes_128K"
	}
	c.bucket.MinimumTransitionSize = size
	var b bytes.Buffer
	start := xml.StartElement{Name: xml.Name{Local: "LifecycleConfiguration"}, Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}}
	if err := xml.NewEncoder(&b).EncodeElement(in, start); err != nil {
		return malformedXML(err)
	}
	c.Body = b.Bytes()
	return nil
}

func (r *lifecycleRule) check() error {
	if r.Status != "Enabled" && r.Status != "Disabled" {
		return malformedXML(errChunk("the Status of the rule " + r.ID + " is " + r.Status))
	}
	if len(r.ID) > 255 {
		return invalidArgument("ID length should not exceed allowed limit of 255")
	}
	if r.Prefix == nil && r.Filter == nil {
		return malformedXML(errChunk("the rule " + r.ID + " has neither Filter nor Prefix"))
	}
	if r.Expiration == nil && len(r.Transitions) == 0 && r.Noncurrent == nil && len(r.NoncurrentTransitions) == 0 && r.Abort == nil {
		return invalidRequest("At least one action needs to be specified in a rule: %s", r.ID)
	}
	if e := r.Expiration; e != nil && e.Days != nil && *e.Days <= 0 {
		return invalidArgument("'Days' for Expiration action must be a positive integer")
	}
	if r.Noncurrent != nil && (r.Noncurrent.NoncurrentDays == nil || *r.Noncurrent.NoncurrentDays <= 0) {
		return invalidArgument("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
	}
	for _, t := range r.Transitions {
		if t.Days != nil && r.Expiration != nil && r.Expiration.Days != nil && *r.Expiration.Days <= *t.Days {
			return invalidArgument("'Days' in the Expiration action for rule '%s' must be greater than 'Days' in the Transition action", r.ID)
		}
		if strings.HasSuffix(t.StorageClass, "_IA") && t.Days != nil && *t.Days < 30 {
			return invalidArgument("'Days' in Transition action must be greater than or equal to 30 for storageClass '%s'", t.StorageClass)
		}
	}
	return nil
}
