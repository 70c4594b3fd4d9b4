package embedded_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers"
)

// maxHeap is what this test process may hold while containers try to take all.
const maxHeap = 512 << 20

// watchHeap ends the test process before it takes the machine down.
var watchHeap = sync.OnceFunc(func() {
	go func() {
		held := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
		for range time.Tick(20 * time.Millisecond) {
			metrics.Read(held)
			if bytes := held[0].Value.Uint64() + held[1].Value.Uint64(); bytes > maxHeap {
				panic(fmt.Sprintf("a container is not contained: this process holds %d MiB", bytes>>20))
			}
		}
	}()
})

// ended waits for a container's end; it has as long as a busy machine needs.
func (r *running) ended(t *testing.T) int {
	t.Helper()
	select {
	case <-r.Done():
	case <-time.After(5 * time.Minute):
		require.Failf(t, "the container did not end", "stdout: %.2000s\nstderr: %.2000s", r.stdout, r.stderr)
	}
	return r.ExitCode()
}

// grow makes a variable s of 2^n times what it is.
func grow(s string, n int) string {
	return fmt.Sprintf("s='%s'; i=0; while [ $i -lt %d ]; do s=$s$s; i=$((i+1)); done; ", s, n)
}

// What a script makes counts, whatever it is, and a container that has too much of
// it is killed.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	watchHeap()
	l := newLab(t)
	for name, test := range map[string]struct {
		script string
		shell  string // sh
		memory int    // 16
	}{
		"a variable":                 {script: `s=aaaa; while :; do s=$s$s; done`, memory: 64},
		"a variable in bash":         {script: `s=aaaa; while :; do s+=$s; done`, shell: "bash"},
		"a variable of a child":      {script: `(s=aaaa; while :; do s=$s$s; done); echo survived; sleep 1000000`},
		"variables":                  {script: grow("aaaa", 14) + `while :; do i=$((i+1)); eval "v$i=\$s"; done`},
		"local variables":            {script: `f() { local s=$1$1; f "$s"; }; f aaaa`},
		"hidden variables":           {script: grow("aaaa", 14) + `f() { local s=$s; s=x$s f; }; f`},
		"one word":                   {script: grow("aaaa", 18) + `w='$s$s$s$s$s$s$s$s$s$s'; w=$w$w$w$w$w$w$w$w$w$w; eval "x=$w"`},
		"parameters":                 {script: `set -- a; while :; do set -- "$@" "$@"; done`},
		"fields":                     {script: grow("a a ", 19) + `set -- $s`},
		"words of braces":            {script: `echo {1..100000000}`, shell: "bash"},
		"words of braces, endless":   {script: `echo {1..9223372036854775807}`, shell: "bash"},
		"words of braces in braces":  {script: `echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}`, shell: "bash"},
		"a replacement":              {script: grow("a", 16) + `x=${s//a/$s}`, shell: "bash"},
		"a replacement in another":   {script: grow("a", 16) + `x=${none:-${s//a/$s}}`, shell: "bash"},
		"a wildcard":                 {script: grow("/*/..", 8) + `echo $s`},
		"a pattern":                  {script: grow("?a*", 17) + `echo ${HOME#$s}`},
		"the output of a command":    {script: `x=$(cat /dev/zero)`},
		"the output of a loop":       {script: grow("aaaa", 17) + `x=$(while :; do echo $s; done)`},
		"substitutions":              {script: grow("aaaa", 14) + `f() { echo "$s$(f)"; }; s=$s f`},
		"a here-document":            {script: grow("aaaa", 21) + "cat <<E\n$s$s$s$s$s$s$s$s\nE"},
		"subshells":                  {script: grow("aaaa", 19) + `while :; do i=$((i+1)); s=$i${s#?}; sleep 1000000 3<<E &` + "\nE\ndone"},
		"a line":                     {script: `read x < /dev/zero`},
		"a line of grep":             {script: `cat /dev/zero | grep x; exit 3`},
		"matches of grep":            {script: grow("aaaa", 20) + `echo $s | grep -o a > /dev/null`},
		"a line of sed":              {script: `cat /dev/zero | sed s/a/b/; exit 3`},
		"matches of sed":             {script: grow("aaaa", 20) + `echo $s | sed s/a/b/g > /dev/null`},
		"a replacement of sed":       {script: `echo aaaaaaaa | sed 's/a/&&&&&&&&&&/g;s/a/&&&&&&&&&&/g;s/a/&&&&&&&&&&/g;s/a/&&&&&&&&&&/g;s/a/&&&&&&&&&&/g;s/a/&&&&&&&&&&/g;s/a/&&&&&&&&&&/g;'`},
		"functions":                  {script: `b=:; for i in 1 2 3 4 5 6 7 8 9; do b="$b;$b"; done; while :; do i=$((i+1)); eval "f$i() { $b; }"; done`},
		"a file":                     {script: `cat /dev/zero > /tmp/f`},
		"a file in steps":            {script: `echo a > f; while :; do cat f f > g; cat g g >> f; done`},
		"a file on a volume":         {script: `cat /dev/zero > /volume/f`},
		"a file that a loop writes":  {script: grow("aaaa", 17) + `while :; do echo "$s"; done > /tmp/f`},
		"a file that is not there":   {script: grow("aaaa", 18) + `while :; do i=$((i+1)); eval "exec $((i+100))>f; rm f; echo \$s >&$((i+100))"; done`},
		"files":                      {script: `while :; do i=$((i+1)); : > $i; done`, memory: 3},
		"directories":                {script: `while :; do i=$((i+1)); mkdir $i; done`, memory: 3},
		"links":                      {script: `while :; do i=$((i+1)); ln -s / $i; done`, memory: 3},
		"processes":                  {script: `while :; do sleep 1000000 & done`, memory: 3},
		"a script that is too large": {script: grow(": ;", 16) + `eval "$s"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shell, memory := test.shell, test.memory
			if shell == "" {
				shell = "sh"
			}
			if memory == 0 {
				memory = 16
			}
			r := l.start(t, containers.Spec{
				Image: "debian:12", Command: []string{shell, "-c", test.script}, MemoryMiB: memory, WorkingDir: "/tmp",
				Mounts: []containers.Mount{{Source: t.TempDir(), Target: "/volume"}},
			})
			assert.Equal(t, 137, r.ended(t), "stderr: %.2000s", r.stderr)
			assert.True(t, r.OutOfMemory(), "stderr: %.2000s", r.stderr)
		})
	}
}

// Requests that a server holds count, and those that it does not hold don't.
func TestRequestBodies(t *testing.T) {
	t.Parallel()
	watchHeap()
	l := newLab(t)
	t.Run("held", func(t *testing.T) {
		t.Parallel()
		directory := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(directory, "tempo.yaml"), []byte(tempoConfig), 0o600))
		r := l.start(t, containers.Spec{
			Image: "grafana/tempo:2.6.1", Command: []string{"-config.file=/etc/tempo/tempo.yaml"}, MemoryMiB: 16,
			Mounts: []containers.Mount{{Source: directory, Target: "/etc/tempo", ReadOnly: true}},
		}, 3200, 4317)
		r.eventually(t, 3200, "/status/version", http.StatusOK, "tempo")
		for range 5 { // messages of 4 MiB, of which only the beginning comes
			body, w := io.Pipe()
			defer func() { _ = w.Close() }()
			go func() { _, _ = w.Write([]byte{0, 0, 0x40, 0, 0, 1}) }()
			go r.post(4317, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", body)
		}
		assert.Equal(t, 137, r.ended(t))
		assert.True(t, r.OutOfMemory())
	})
	t.Run("not held", func(t *testing.T) {
		t.Parallel()
		r := l.start(t, containers.Spec{Image: "httpd:2.4", MemoryMiB: 16}, 80)
		r.eventually(t, 80, "/", http.StatusOK, "")
		r.post(80, "/", io.LimitReader(zeros{}, 256<<20))
		r.eventually(t, 80, "/", http.StatusOK, "")
		usage, err := r.Usage(t.Context())
		require.NoError(t, err)
		assert.Less(t, usage.MemoryMiB, 16.0)
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// post sends a body to a container port, by HTTP/2 if that is gRPC's, and does not
// care for the answer.
func (r *running) post(port uint16, path string, body io.Reader) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(port == 80)
	protocols.SetUnencryptedHTTP2(port != 80)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols, DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return r.lab.network.Dial(ctx, netip.Addr{}, r.ports[port])
	}}}
	request, err := http.NewRequest(http.MethodPost, "http://site.test"+path, body) //nolint:noctx // it ends with the container
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/grpc")
	if response, err := client.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// What would take the stack, the descriptors or the processor of this process is
// refused, in words.
func TestContained(t *testing.T) {
	t.Parallel()
	watchHeap()
	l := newLab(t)
	for name, test := range map[string]struct {
		script string
		want   string // on stderr
	}{
		"a function that calls itself":    {`f() { f; }; f`, "nesting level exceeded"},
		"substitutions in each other":     {grow("$(", 12) + `eval "echo $s"`, "nesting level exceeded"},
		"subshells in each other":         {grow("( ", 16) + `eval "$s"`, "nesting level exceeded"},
		"conditions in each other":        {grow("if ", 15) + `eval "$s"`, "nesting level exceeded"},
		"a long list":                     {grow(": && ", 13) + `eval "$s :"`, "nesting level exceeded"},
		"a long sum":                      {grow("1+", 18) + `eval "echo \$((${s}1))"`, "longer than 262144 bytes"},
		"a repetition of repetitions":     {`echo a | grep -E '((a{1000}){1000}){1000}'`, "regular expression"},
		"a regular expression":            {grow("a{500}", 6) + `echo a | grep -E "$s"`, "egular expression too big"},
		"a long regular expression":       {grow("a", 16) + `echo a | grep "$s"`, "egular expression too big"},
		"a regular expression of bash":    {grow("a", 16) + `bash -c '[[ x =~ $1 ]]' bash "$s"`, "egular expression too big"},
		"a text for a regular expression": {grow("a{500}", 4) + "p=$s; " + grow("a", 20) + `echo $s | grep -E "$p"`, "egular expression too big"},
		"a pattern":                       {grow("?a*", 15) + `case x in $s) ;; esac`, "egular expression too big"},
		"directories in each other":       {`while mkdir a && cd a; do :; done`, "File name too long"},
		"open files":                      {`while :; do i=$((i+1)); : > f$i; eval "exec $((i+100))> f$i" || exit; done`, "bad file descriptor"},
		"open files of subshells":         {`i=100; f() { i=$((i+1)); [ $i -gt 900 ] || (eval "exec $i> f$i"; f); }; f & f & f & f & wait; echo done >&2`, "done"},
		"a width":                         {`printf '%999999999d' 1`, "width is too large"},
		"links in a circle":               {`ln -s b /a; ln -s a /b; cat /a`, "Too many levels of symbolic links"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := l.start(t, containers.Spec{Image: "debian:12", Command: []string{"sh", "-c", test.script + "; exit 9"}, WorkingDir: "/tmp", MemoryMiB: 256})
			assert.NotZero(t, r.ended(t))
			assert.False(t, r.OutOfMemory())
			assert.Contains(t, fmt.Sprintf("%.4000s", r.stderr), test.want)
		})
	}
}

// What is not needed any more is given back: a container goes on for as long as it
// likes with what fits.
func TestMemoryIsGivenBack(t *testing.T) {
	t.Parallel()
	watchHeap()
	script := grow(strings.Repeat("a", 63)+"\n", 9) + `
		f() { local s=$1; set -- $1; x=y$x f2 "$s"; }
		f2() { (x=$1; : ) ; }
		echo "$s" > /tmp/in; n=0
		while [ $n -lt 40 ]; do
			n=$((n+1)); t=$s$s; x=$(echo "$t"); x=${x%a*}; unset t
			f "$(cat /tmp/in | grep -v b | sed -e s/aaa/bb/ -e '/c/d' | cut -d b -f 2)"
			cat /tmp/in > /tmp/out; cat /tmp/in >> /tmp/out; sed -i s/aaa/aa/ /tmp/out; rm /tmp/out; mkdir -p /tmp/a/b; cat /tmp/in > /tmp/a/b/c; rm -r /tmp/a
			exec 3> /tmp/gone; rm /tmp/gone; cat /tmp/in >&3; echo $n > /tmp/n; for i in 1 2 3 4; do exec 4> /tmp/gone; done
			cat > /dev/null <<-E
				$s
			E
			read x < /tmp/in; eval "g() { echo $x; }"; trap "echo $x" USR1; echo "$s" | { cat > /dev/null; } & wait
		done
		exit 4`
	r := newLab(t).start(t, containers.Spec{Image: "debian:12", Command: []string{"sh", "-c", script}, MemoryMiB: 5})
	assert.Equal(t, 4, r.ended(t), "out of memory: %v, stderr: %.2000s", r.OutOfMemory(), r.stderr)
}

// Neither links nor ".." nor strange names lead out of a container's tree.
func TestHostFiles(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("top secret"), 0o600))
	volume := filepath.Join(outside, "volume")
	require.NoError(t, os.Mkdir(volume, 0o755))
	script := strings.NewReplacer("OUTSIDE", outside).Replace(`
		newline=$(printf 'a\nb'); echo inside > "/volume/$newline"; echo inside > "/volume/../../../$newline"; mkdir "/volume/dir$newline"
		ln -s OUTSIDE/secret /volume/absolute; ln -s ../secret /volume/relative; ln -s OUTSIDE "/volume/dir$newline/link"; ln -s / /volume/root
		for f in /volume/absolute /volume/relative "/volume/dir$newline/link/secret" /volume/../secret OUTSIDE/secret \
			/volume/root/OUTSIDE/secret "/volume/$newline/../../secret" /proc/1/root/OUTSIDE/secret /proc/self/cwd/secret //OUTSIDE/secret; do
			cat "$f"; echo overwritten > "$f"; sed -i s/top/x/ "$f"; chmod 777 "$f"; grep . "$f"; (. "$f")
		done 2>/dev/null
		ls -l /volume; rm -r /volume/root "/volume/dir$newline"; cat "/volume/$newline"; echo ~daemon ~nobody
		exit 5`)
	r := newLab(t).start(t, containers.Spec{
		Image: "debian:12", Command: []string{"sh", "-c", script}, Mounts: []containers.Mount{{Source: volume, Target: "/volume"}},
	})
	assert.Equal(t, 5, r.ended(t), r.stderr)
	assert.NotContains(t, r.stdout.String(), "top secret")
	assert.Contains(t, r.stdout.String(), "inside\n~daemon /nonexistent\n", "the container's users, not the host's")
	content, err := os.ReadFile(filepath.Join(outside, "secret"))
	require.NoError(t, err)
	assert.Equal(t, "top secret", string(content))
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "nothing new beside the volume")
}
