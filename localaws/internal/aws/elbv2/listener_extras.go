package elbv2

import (
	"context"
	"slices"
	"strconv"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

func (s *listenerOperations) describeListenerAttributes(_ context.Context, in *listenerInput) (*attributesOutput, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{listAttributes(listenerAttributes(listener), listener.Attributes)}, nil
}

type modifyListenerAttributesInput struct {
	ListenerArn string
	Attributes  []Attribute
}

func (s *listenerOperations) modifyListenerAttributes(_ context.Context, in *modifyListenerAttributesInput) (*attributesOutput, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	known := listenerAttributes(listener)
	if listener.Attributes, err = changeAttributes("Listener", known, listener.Attributes, in.Attributes); err != nil {
		return nil, err
	}
	s.listeners.Put(listener.ARN, listener)
	return &attributesOutput{listAttributes(known, listener.Attributes)}, nil
}

type listenerCertificatesInput struct {
	ListenerArn  string
	Certificates []CertificateRef
}

type certificatesOutput struct {
	Certificates []CertificateRef
	NextMarker   string
}

// addListenerCertificates adds certificates that clients choose by server
// name. One that is there already stays as it is.
func (s *listenerOperations) addListenerCertificates(_ context.Context, in *listenerCertificatesInput) (*certificatesOutput, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	if len(listener.Certificates) == 0 {
		return nil, invalid("A certificate cannot be specified for %s listeners", listener.Protocol)
	}
	certificates := slices.Clone(listener.Certificates)
	for _, certificate := range in.Certificates {
		arn := certificate.CertificateArn
		if err := s.checkCertificate(arn); err != nil {
			return nil, err
		}
		if !slices.Contains(certificates[1:], arn) {
			certificates = append(certificates, arn)
		}
	}
	if len(certificates)-1 > maxCertificates {
		return nil, tooMany("TooManyCertificates", "The maximum number of certificates per load balancer has been reached: %d", maxCertificates)
	}
	listener.Certificates = certificates
	s.putListener(listener)
	return &certificatesOutput{Certificates: in.Certificates}, nil
}

func (s *listenerOperations) removeListenerCertificates(_ context.Context, in *listenerCertificatesInput) (*wire.Empty, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	certificates := slices.Clone(listener.Certificates)
	for _, certificate := range in.Certificates {
		if at := slices.Index(certificates, certificate.CertificateArn); at == 0 && !slices.Contains(certificates[1:], certificate.CertificateArn) {
			return nil, wire.Errorf("OperationNotPermitted", "Default certificate '%s' cannot be removed", certificate.CertificateArn)
		}
		for i := len(certificates) - 1; i > 0; i-- { // the first is the default one, and stays
			if certificates[i] == certificate.CertificateArn {
				certificates = slices.Delete(certificates, i, i+1)
			}
		}
	}
	listener.Certificates = certificates
	s.putListener(listener)
	return nil, nil
}

type describeListenerCertificatesInput struct {
	ListenerArn string
	Marker      string
	PageSize    *int
}

func (s *listenerOperations) describeListenerCertificates(_ context.Context, in *describeListenerCertificatesInput) (*certificatesOutput, error) {
	listener, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	var all []CertificateRef
	for i, arn := range listener.Certificates {
		isDefault := i == 0
		all = append(all, CertificateRef{CertificateArn: arn, IsDefault: &isDefault})
	}
	part, next, err := paging.Cut(pages, all, func(c CertificateRef) string {
		return strconv.FormatBool(!*c.IsDefault) + c.CertificateArn // the default one first
	}, in.PageSize, in.Marker)
	if err != nil {
		return nil, err
	}
	return &certificatesOutput{Certificates: part, NextMarker: next}, nil
}
