package report

import (
	"fmt"
	"math"
	"time"
)

// axis is a time axis from 0 to 100 percent.
type axis struct{ began, ended time.Time }

func newAxis(began, ended time.Time) axis {
	if ended.Sub(began) < time.Second { // so that there is something to divide by
		ended = began.Add(time.Second)
	}
	return axis{began, ended}
}

func (a axis) length() float64 { return a.ended.Sub(a.began).Seconds() }

// at is the place of a moment; what lies outside is at the edge.
func (a axis) at(moment time.Time) float64 {
	return percent(moment.Sub(a.began).Seconds() / a.length())
}

// span is the place of a time: where it begins, and how wide it is.
func (a axis) span(from, to time.Time) (left, width float64) {
	left = a.at(from)
	return left, percent((a.at(to) - left) / 100)
}

// lastTick is how far right a mark may be for its text to have room.
const lastTick = 0.94

// ticks are up to ten marks at round times, the first at 0.
func (a axis) ticks() []tick {
	step := 1.0
	for _, step = range []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600} {
		if a.length()/step <= 9 {
			break
		}
	}
	var ticks []tick
	for at := 0.0; at <= a.length()*lastTick && len(ticks) < 50; at += step {
		text := fmt.Sprintf("%.0f s", at)
		switch {
		case step < 1:
			text = fmt.Sprintf("%.1f s", at)
		case step >= 60:
			text = fmt.Sprintf("%.0f min", at/60)
		}
		ticks = append(ticks, tick{percent(at / a.length()), text})
	}
	return ticks
}

// percent of a share between 0 and 1, to a hundredth.
func percent(share float64) float64 {
	return math.Round(min(max(share, 0), 1)*1e4) / 100
}
