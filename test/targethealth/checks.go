package targethealth

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// history is what is remembered of a group between two looks: ECS replaces
// tasks that fail their checks, and their targets are gone with them.
type history struct {
	unhealthySince time.Time // zero: none, or a healthy one was seen since
	failed         Target    // the first target that was seen to be unhealthy
	failedAt       time.Time // zero: none, or all targets were healthy since
	last           []Target  // that were registered, when the group was not empty
	lastAt         time.Time
	healthy        map[string]firstHealthy // by target
	looks          int
}

// see takes up a look at the group's targets, and gives them the time that they
// took to be healthy.
func (h *history) see(targets []Target, now time.Time) {
	h.looks++
	unhealthy, healthy := 0, 0
	for i := range targets {
		switch targets[i].State {
		case healthyState:
			healthy++
			h.note(&targets[i], now)
		case unhealthyState:
			if unhealthy == 0 && h.failedAt.IsZero() {
				h.failed, h.failedAt = targets[i], now
			}
			unhealthy++
		}
	}
	if len(targets) > 0 {
		h.last, h.lastAt = targets, now
	}
	switch {
	case healthy > 0:
		h.unhealthySince = time.Time{}
	case unhealthy > 0 && h.unhealthySince.IsZero():
		h.unhealthySince = now
	}
	if healthy > 0 && healthy == len(targets) {
		h.failedAt = time.Time{}
	}
}

// note remembers when a target was first seen healthy, also in the target.
func (h *history) note(target *Target, now time.Time) {
	first, seen := h.healthy[target.id()]
	if !seen {
		first = firstHealthy{at: now, atMost: h.looks == 1}
		h.healthy[target.id()] = first
	}
	if !target.TaskStarted.IsZero() {
		target.HealthyAfter = max(first.at.Sub(target.TaskStarted), 0)
	}
	target.AtMost = first.atMost
}

// remember brings the history up to date, and the snapshot's targets and groups
// with it.
func (w *Watcher) remember(s *Snapshot, now time.Time) {
	s.Before = map[string][]Target{}
	for _, group := range w.Groups {
		w.history[group.Key].see(s.Targets[group.Key], now)
		if len(s.Targets[group.Key]) == 0 {
			s.Before[group.Key] = w.before(*s, group)
		}
	}
}

// before are the targets that a group had when it was last seen with any. What a
// service event says since is newer: targets come and go between two looks.
func (w *Watcher) before(s Snapshot, group Group) []Target {
	h := w.history[group.Key]
	for _, event := range w.troubles(s) {
		if target, ok := unhealthyInEvent(event, group); ok && aws.ToTime(event.CreatedAt).After(h.lastAt) {
			return []Target{target}
		}
	}
	return h.last
}

// failedCheck tells of the first check of a target that failed: its group, the
// target, the reason, and the codes. It is "" when none is known to have failed.
func (w *Watcher) failedCheck(s Snapshot) string {
	said, at := "", time.Time{}
	first := func(group Group, target Target, when time.Time) {
		if said == "" || when.Before(at) {
			said, at = fmt.Sprintf("%q %s: %s", group.Key, target.id(), cause(target, group)), when
		}
	}
	events := w.troubles(s)
	for _, group := range w.Groups {
		if h := w.history[group.Key]; !h.failedAt.IsZero() {
			first(group, h.failed, h.failedAt)
		}
		for _, event := range events {
			if target, ok := unhealthyInEvent(event, group); ok {
				first(group, target, aws.ToTime(event.CreatedAt))
			}
		}
	}
	return said
}

// troubles are the events, newest first, since the watch began, or since a
// deployment began that failed.
func (w *Watcher) troubles(s Snapshot) []ecstypes.ServiceEvent {
	since, events := w.began, s.Service.Events
	for _, deployment := range s.Service.Deployments {
		if created := aws.ToTime(deployment.CreatedAt); failed(deployment) && !w.superseded(s, aws.ToString(deployment.Id)) && created.Before(since) {
			since = created
		}
	}
	end := slices.IndexFunc(events, func(event ecstypes.ServiceEvent) bool { return aws.ToTime(event.CreatedAt).Before(since) })
	if end < 0 {
		return events
	}
	if w.deviation(s) != "" {
		end = max(end, endOfRollback(events))
	}
	return events[:end]
}

// unhealthyEvent is ECS's message about a target that fails its checks; see
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html.
var unhealthyEvent = regexp.MustCompile(`\(instance ([^)]*)\) \(port (\d+)\) is unhealthy in \(?target-group ([^)]*?)\)? due to \(reason (.*)\)`)

// unhealthyInEvent reads that message. It has the description of the target's
// health only, so the reason's code is found again by it.
func unhealthyInEvent(event ecstypes.ServiceEvent, group Group) (Target, bool) {
	match := unhealthyEvent.FindStringSubmatch(aws.ToString(event.Message))
	if match == nil || !strings.Contains(group.ARN, ":targetgroup/"+match[3]+"/") && match[3] != group.ARN {
		return Target{}, false
	}
	port, err := strconv.ParseInt(match[2], 10, 32)
	if err != nil {
		return Target{}, false
	}
	target := Target{
		Key: group.Key, Listener: group.Listener, InstanceID: match[1], HostPort: int32(port), ContainerPort: group.ContainerPort,
		State: unhealthyState, Description: match[4],
	}
	switch {
	case strings.HasPrefix(match[4], "Health checks failed with these codes"):
		target.Reason = "Target.ResponseCodeMismatch"
	case strings.HasPrefix(match[4], "Health checks failed"):
		target.Reason = "Target.FailedHealthChecks"
	case strings.HasPrefix(match[4], "Request timed out"):
		target.Reason = "Target.Timeout"
	}
	return target, true
}

// codes are those that a description of a target's health ends with.
var codes = regexp.MustCompile(`\[[^\]]*\]$`)

// cause puts a target's reason into words, with what usually is behind it.
func cause(t Target, group Group) string {
	switch t.Reason {
	case "Target.FailedHealthChecks":
		return fmt.Sprintf("%s: the connection to container port %d is refused or cut: does the container listen there?", t.Reason, group.ContainerPort)
	case "Target.ResponseCodeMismatch":
		return strings.TrimSpace(t.Reason+" "+codes.FindString(t.Description)) + ": the health check's path answers another code than its matcher wants"
	case "Target.Timeout":
		return t.Reason + ": packets are dropped on their way (security groups, routes), or the container is too slow"
	default:
		return t.reason()
	}
}
