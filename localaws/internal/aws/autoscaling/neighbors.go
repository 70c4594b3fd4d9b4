package autoscaling

import "time"

// Group is a group as other services see it.
type Group struct {
	Name, ARN             string
	Min, Max, Desired     int
	Instances             []GroupInstance
	NewInstancesProtected bool
}

// GroupInstance is an instance of a Group.
type GroupInstance struct {
	ID                   string
	LifecycleState       string // such as Pending, InService, Terminating:Wait
	HealthStatus         string // Healthy or Unhealthy
	AvailabilityZone     string
	ProtectedFromScaleIn bool
}

// find returns the group with that name or ARN, also when it is being deleted.
func (s *Service) find(nameOrARN string) *group {
	if g, ok := s.state.Groups.Get(nameOrARN); ok {
		return g
	}
	for _, g := range s.state.Groups.All() {
		if g.ARN == nameOrARN {
			return g
		}
	}
	return nil
}

// write returns the group with that name or ARN, which is about to be changed.
func (s *Service) write(nameOrARN string) (*group, error) {
	g := s.find(nameOrARN)
	if g == nil {
		return nil, groupNotFound(nameOrARN)
	}
	s.state.Groups.Change(g.Name)
	return g, nil
}

// Group returns the group with that name or ARN.
func (s *Service) Group(nameOrARN string) (Group, bool) {
	g := s.find(nameOrARN)
	if g == nil || g.Deleting {
		return Group{}, false
	}
	view := Group{
		Name: g.Name, ARN: g.ARN, Min: g.Min, Max: g.Max, Desired: g.Desired,
		NewInstancesProtected: g.ProtectNew,
	}
	for _, i := range s.instances(g) {
		view.Instances = append(view.Instances, GroupInstance{
			ID: i.ID, LifecycleState: i.State, HealthStatus: i.Health,
			AvailabilityZone: i.Zone, ProtectedFromScaleIn: i.Protected,
		})
	}
	return view, true
}

// GroupOf returns the name of the group that the instance belongs to.
func (s *Service) GroupOf(instanceID string) (string, bool) {
	i, ok := s.state.Instances.Get(instanceID)
	if !ok {
		return "", false
	}
	return i.Group, true
}

// SetDesired sets the group's desired capacity, which must lie between its
// minimum and maximum.
func (s *Service) SetDesired(nameOrARN string, n int) error {
	g, err := s.write(nameOrARN)
	if err != nil {
		return err
	}
	return g.setDesired(n)
}

// SetProtection protects instances of the group from scale in, or ends that.
func (s *Service) SetProtection(nameOrARN string, instanceIDs []string, protected bool) error {
	g := s.find(nameOrARN)
	if g == nil {
		return groupNotFound(nameOrARN)
	}
	return s.protect(g, instanceIDs, protected)
}

// AddTag gives the group a tag that new instances get too, unless it has one
// with that key; instances that run already don't get it.
func (s *Service) AddTag(nameOrARN, key, value string) error {
	g, err := s.write(nameOrARN)
	if err != nil {
		return err
	}
	if _, has := g.Tags[key]; !has {
		g.Tags[key] = tag{Value: value, Propagate: true}
	}
	return nil
}

// PutTerminationHook makes instances of the group wait, up to timeout, before
// they are terminated: until Complete is called for them.
func (s *Service) PutTerminationHook(nameOrARN, hookName string, timeout time.Duration) error {
	g, err := s.write(nameOrARN)
	if err != nil {
		return err
	}
	heartbeat := int(timeout / time.Second)
	return g.putHook(hookInput{
		LifecycleHookName: hookName, LifecycleTransition: terminateTransition,
		HeartbeatTimeout: &heartbeat, DefaultResult: continueResult,
	})
}

// DeleteHook removes a hook; instances that wait for it go on. A missing hook
// or group is not an error.
func (s *Service) DeleteHook(nameOrARN, hookName string) {
	if g, err := s.write(nameOrARN); err == nil {
		s.dropHook(g, hookName)
	}
}

// WaitingFor returns the instances of the group that wait for the hook.
func (s *Service) WaitingFor(nameOrARN, hookName string) []string {
	g := s.find(nameOrARN)
	if g == nil {
		return nil
	}
	var ids []string
	for _, i := range s.instances(g) {
		if i.WaitHook == hookName {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// Complete lets an instance that waits for the hook go on.
func (s *Service) Complete(nameOrARN, hookName, instanceID string) {
	g := s.find(nameOrARN)
	if g == nil {
		return
	}
	if i := s.instance(g, instanceID); i != nil && i.WaitHook == hookName {
		s.complete(g, i, continueResult)
	}
}
