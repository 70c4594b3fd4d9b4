package shell_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/containertest"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// computer is a machine with a base system, in a directory beside a secret.
type computer struct {
	*kernel.Kernel
	outside string // the directory above the tree's root
}

func newComputer(tb testing.TB) *computer {
	tb.Helper()
	outside := tb.TempDir()
	require.NoError(tb, os.WriteFile(filepath.Join(outside, "secret"), []byte("top secret"), 0o600))
	root := filepath.Join(outside, "root")
	require.NoError(tb, os.Mkdir(root, 0o755))
	files, err := kernel.OpenTree(root)
	require.NoError(tb, err)
	require.NoError(tb, embedded.InstallBase(files, embedded.Debian, "box"))
	m := kernel.New(kernel.Options{Files: files, Clock: clock.New(0), Hostname: "box", Programs: embedded.Programs(), Absent: embedded.Absent(embedded.Debian), MemoryMiB: 64})
	tb.Cleanup(func() { m.Kill(); m.Wait(); assert.NoError(tb, files.Close()) })
	_, err = m.Start(context.Background(), kernel.Spec{Args: []string{"init"}}, func(ctx context.Context, _ *kernel.Process) int {
		<-ctx.Done()
		return 0
	})
	require.NoError(tb, err)
	return &computer{m, outside}
}

// run runs a command and returns its exit code, output and errors.
func (c *computer) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems containertest.Buffer
	p, err := c.RunCommand(context.Background(), kernel.Spec{
		Args: args, Stdout: &out, Stderr: &problems,
		Env: map[string]string{"PATH": "/usr/bin:/bin", "HOME": "/root", "OUTSIDE": c.outside},
	})
	require.NoError(t, err)
	select {
	case <-p.Done():
	case <-time.After(2 * time.Minute):
		require.Failf(t, "the command did not end", "%q\nstdout: %s\nstderr: %s", args, &out, &problems)
	}
	return p.ExitCode(), out.String(), problems.String()
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script string
		want   string
		code   int
	}{
		"words and quotes":         {`a='x  y'; echo $a "$a" '$a' \$a`, "x y x  y $a $a\n", 0},
		"defaults":                 {`echo ${none:-one} ${none-two} ${HOME:+three} ${#HOME}`, "one two three 5\n", 0},
		"prefixes and suffixes":    {`f=/a/b.tar.gz; echo ${f##*/} ${f%.*} ${f%%.*}`, "b.tar.gz /a/b.tar /a/b\n", 0},
		"arithmetic":               {`i=3; echo $((i * 2 + 1)); i=$((i+1)); echo $i`, "7\n4\n", 0},
		"substitution":             {"echo $(echo a; echo b) `echo c`", "a b c\n", 0},
		"and, or, not":             {`false || echo or; true && echo and; ! false && echo not`, "or\nand\nnot\n", 0},
		"status":                   {`false; echo $?; (exit 4); echo $?; true; echo $?`, "1\n4\n0\n", 0},
		"status of a substitution": {`a=$(exit 3); echo $?`, "3\n", 0},
		"exit uses the last":       {`(exit 7); exit`, "", 7},
		"if":                       {`if [ -d /etc ]; then echo dir; elif true; then echo no; else echo no; fi`, "dir\n", 0},
		"else":                     {`if false; then echo no; elif false; then echo no; else echo else; fi`, "else\n", 0},
		"for and case":             {`for f in a.c b.h; do case $f in *.c) echo C;; *.h|*.H) echo H;; esac; done`, "C\nH\n", 0},
		"while, break, continue":   {`i=0; while :; do i=$((i+1)); [ $i = 2 ] && continue; [ $i -ge 4 ] && break; echo $i; done`, "1\n3\n", 0},
		"until":                    {`i=0; until [ $i -eq 2 ]; do i=$((i+1)); done; echo $i`, "2\n", 0},
		"functions and local":      {`v=out; f() { local v=in; echo $v $1 $#; return 3; }; f x y; echo $? $v`, "in x 2\n3 out\n", 0},
		"pipes":                    {`printf 'b\na\n' | sed 1d | cat`, "a\n", 0},
		"a pipe whose reader ends": {`while :; do echo x; done | head -n 1`, "x\n", 0},
		"redirections":             {`echo one > /tmp/f; echo two >> /tmp/f; cat < /tmp/f; ls /none 2>/dev/null || echo $?`, "one\ntwo\n2\n", 0},
		"stderr into stdout":       {`{ echo err >&2; } 2>&1 | cat`, "err\n", 0},
		"more descriptors":         {`exec 3>/tmp/f; echo kept >&3; exec 3>&-; cat /tmp/f`, "kept\n", 0},
		"here-documents":           {"v=1; cat <<END\nv is $v\nEND\ncat <<'END'\nv is $v\nEND", "v is 1\nv is $v\n", 0},
		"globs":                    {`mkdir /g; touch /g/a.x /g/b.x /g/c; cd /g; echo *.x *.none /g/?`, "a.x b.x *.none /g/c\n", 0},
		"cd and pwd":               {`mkdir -p /w/v; cd /w/v; pwd; cd ..; pwd; cd -; pwd; (cd /; pwd); pwd`, "/w/v\n/w\n/w/v\n/\n/w/v\n", 0},
		"export":                   {`A=1; export B=2; sh -c 'echo $A-$B'; C=3 sh -c 'echo $C'; echo $C.`, "-2\n3\n.\n", 0},
		"set -e":                   {`set -e; false || true; if false; then :; fi; echo on; false; echo never`, "on\n", 1},
		"set -u":                   {`set -u; echo $nothing; echo never`, "", 2},
		"set --":                   {`set -- a "b c" d; echo $# "$2"; shift; echo "$@"`, "3 b c\nb c d\n", 0},
		"trap on exit":             {`trap 'echo bye' EXIT; exit 3`, "bye\n", 3},
		"trap on a signal":         {`trap 'echo got; exit 5' TERM; kill $$; echo never`, "got\n", 5},
		"background and wait":      {`(exit 4) & wait $!; echo $?`, "4\n", 0},
		"kill a job":               {`sleep 1000000 & kill $!; wait $!; echo $?`, "143\n", 0},
		"command not found":        {`nothing-here; echo $?`, "127\n", 0},
		"not executable":           {`echo x > /tmp/f; /tmp/f; echo $?`, "126\n", 0},
		"a script file":            {"printf '#!/bin/sh\\necho run $1\\n' > /tmp/s; chmod +x /tmp/s; /tmp/s me", "run me\n", 0},
		"source":                   {`echo 'V=set' > /tmp/s; . /tmp/s; echo $V`, "set\n", 0},
		"eval":                     {`eval 'echo $HOME'`, "/root\n", 0},
		"read":                     {`printf 'a b c\nd\n' | { read x y; read z; echo "$x|$y|$z"; }`, "a|b c|d\n", 0},
		"command -v":               {`command -v cat; command -v none || echo $?`, "/usr/bin/cat\n127\n", 0},
		"test":                     {`[ a = a ] && [ 2 -gt 1 ] && [ -n x -a ! -z y ] && test -x /bin/sh && [ "$(echo)" = "" ] && echo ok`, "ok\n", 0},
		"printf":                   {`printf '%s-%03d-%x|' a 7 255 b 8 16; printf '%b' 'x\ty'; printf '100%%\n'`, "a-007-ff|b-008-10|x\ty100%\n", 0},
		"echo as dash":             {`echo 'a\tb'; echo -n c`, "a\tb\nc", 0},
		"exec ends the script":     {`exec echo last; echo never`, "last\n", 0},
		"syntax error":             {`if true`, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := newComputer(t).run(t, "sh", "-c", test.script)
			assert.Equal(t, test.want, stdout, stderr)
			assert.Equal(t, test.code, code, stderr)
		})
	}
}

func TestBash(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, want string }{
		"[[ ]]":              {`[[ abc == a* && -d /etc && ! -f /none && b =~ ^[a-c]$ ]] && echo yes`, "yes\n"},
		"pipefail":           {`set -o pipefail; false | true; echo $?`, "1\n"},
		"echo":               {`echo 'a\tb'; echo -e 'a\tb'`, "a\\tb\na\tb\n"},
		"arithmetic for":     {`for ((i=0; i<3; i++)); do echo -n $i; done`, "012"},
		"here-strings":       {`cat <<< "$HOME"`, "/root\n"},
		"not found":          {`nothing-here 2>&1`, "bash: line 1: nothing-here: command not found\n"},
		"appending a string": {`a=1; a+=2; echo $a`, "12\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, stdout, stderr := newComputer(t).run(t, "bash", "-c", test.script)
			assert.Equal(t, test.want, stdout, stderr)
		})
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"curl -f http://localhost/":  "sh: 1: curl: not found\n",
		"true\nnothing":              "sh: 2: nothing: not found\n",
		"cat /none":                  "cat: /none: No such file or directory\n",
		"echo x > /none/file":        "sh: 1: cannot create /none/file: Directory nonexistent\n",
		"cd /none":                   "sh: 1: cd: can't cd to /none\n",
		"awk 1":                      "awk: not provided by the embedded runtime; localaws start -runtime docker runs the real image\n",
		"rm /etc":                    "rm: cannot remove '/etc': Is a directory\n",
		"set -o pipefail":            "sh: 1: set: Illegal option -o pipefail\n",
		"ls --color":                 "ls: unrecognized option '--color' (the embedded runtime knows -la1AdhR)\n",
		"sed 's/\\(a\\)\\1/b/' /etc": "sed: -e expression #1, char 13: the back-reference \\1 in a pattern is not supported by the embedded runtime\n",
	} {
		_, _, stderr := newComputer(t).run(t, "sh", "-c", script)
		assert.Equal(t, want, stderr, script)
	}
}

// Ways out of the tree. Each prints the secret beside the tree's root, or writes
// there, if it works. $OUTSIDE is the real directory of both.
func TestConfinement(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"dots":                       `cat ../secret /../secret ../../../../../../../../$OUTSIDE/secret`,
		"the real path":              `cat $OUTSIDE/secret`,
		"cd above the root":          `cd ..; cd ..; cat secret; cd $OUTSIDE; cat secret; ls`,
		"a redirection":              `cat < ../secret; read line < $OUTSIDE/secret; echo $line`,
		"a substitution of a file":   `echo $(<$OUTSIDE/secret) $(cat $OUTSIDE/secret)`,
		"an absolute link":           `ln -s $OUTSIDE/secret /link; cat /link; ln -s $OUTSIDE /dir; cat /dir/secret; ls /dir/`,
		"a relative link":            `ln -s ../secret /link; cat /link; mkdir /d; ln -s ../../secret /d/link; cat /d/link`,
		"a link to the root":         `ln -s / /r; cat /r/../secret /r/r/../../secret`,
		"a glob":                     `echo /../s* $OUTSIDE/s* ../*; cat /../s*`,
		"tools":                      `head $OUTSIDE/secret; grep . ../secret; sed p ../secret; cut -f1 ../secret; cat < ../secret`,
		"source":                     `. $OUTSIDE/secret; . ../secret; sh $OUTSIDE/secret`,
		"PATH":                       `PATH=$OUTSIDE:..; secret; command -v secret`,
		"test":                       `[ -e $OUTSIDE/secret ] && echo top secret is there; [ -s ../secret ] && echo top secret is there; test -r $OUTSIDE/secret && echo top secret is there`,
		"processes of the real host": `cat /proc/self/environ /proc/1/root$OUTSIDE/secret /proc/self/cwd/secret`,
		"descriptors":                `cat /dev/fd/3 /proc/self/fd/3 <&3`,
		"a path with a tilde":        `HOME=$OUTSIDE; cat ~/secret; cd; cat secret`,
		"PWD":                        `PWD=$OUTSIDE; cat secret; echo *`,
		"a real program":             `/usr/bin/real-env; /bin/busybox cat $OUTSIDE/secret`,
		"a link made in the middle":  `mkdir -p /a/b; cd /a/b; rm -r /a; ln -s $OUTSIDE /a; cat secret ../secret ./secret`,
		"removing":                   `rm -rf $OUTSIDE ../secret /..; ln -s $OUTSIDE /o; rm -rf /o/*; rm -rf /o/secret`,
		"writing":                    `echo x > $OUTSIDE/new; echo x > ../new; ln -s $OUTSIDE/new /n; echo x > /n; touch ../new; mkdir ../new; mkdir -p $OUTSIDE/new`,
		"overwriting":                `echo x > $OUTSIDE/secret; sed -i s/t/x/ ../secret; cat /etc/passwd > ../secret; chmod 777 ../secret`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newComputer(t)
			_, stdout, stderr := c.run(t, "sh", "-c", script)
			assert.NotContains(t, stdout, "top secret")
			assert.NotContains(t, stderr, "top secret")
			content, err := os.ReadFile(filepath.Join(c.outside, "secret"))
			require.NoError(t, err)
			assert.Equal(t, "top secret", string(content))
			entries, err := os.ReadDir(c.outside)
			require.NoError(t, err)
			assert.Len(t, entries, 2, "nothing new beside the tree")
		})
	}
}

// What would take a real machine down must end, and must not take this process
// with it.
func TestRunaways(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"a function that calls itself": `f() { f; }; f`,
		"a script that runs itself":    `echo 'sh /tmp/s' > /tmp/s; sh /tmp/s`,
		"a script that sources itself": `echo '. /tmp/s' > /tmp/s; . /tmp/s`,
		"eval of itself":               `e='eval "$e"'; eval "$e"`,
		"links in a circle":            `ln -s b /a; ln -s a /b; cat /a`,
		"a fork bomb":                  `f() { f & f; }; f`,
		"endless output":               `l=0123456789; l=$l$l$l$l$l$l$l$l; l=$l$l$l$l$l$l$l$l; x=$(while :; do echo $l; done)`,
		"a width beyond all bounds":    `printf '%999999999d' 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := newComputer(t).run(t, "sh", "-c", script)
			assert.NotZero(t, code)
			assert.Less(t, len(stderr), 1<<22)
		})
	}
}

func TestKillEndsEverything(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"a loop":        `while :; do :; done`,
		"a sleep":       `sleep 1000000000`,
		"a pipe":        `sleep 1000000000 | cat`,
		"background":    `sleep 1000000000 & sleep 1000000000 & wait`,
		"a trap":        `trap '' TERM INT; while :; do sleep 10; done`,
		"a reader":      `sleep 1000000000 | while read x; do echo $x; done`,
		"a substitute":  `x=$(sleep 1000000000)`,
		"a C loop":      `bash -c 'for ((;;)); do :; done'`,
		"a device":      `cat /dev/zero > /dev/null`,
		"endless lines": `while :; do echo x; done | cat > /dev/null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newComputer(t)
			p, err := c.RunCommand(context.Background(), kernel.Spec{Args: []string{"sh", "-c", script}, Env: map[string]string{"PATH": "/usr/bin:/bin"}})
			require.NoError(t, err)
			time.AfterFunc(30*time.Millisecond, c.Kill)
			ended := make(chan struct{})
			go func() { c.Wait(); close(ended) }()
			select {
			case <-ended:
				assert.Equal(t, 137, p.ExitCode())
			case <-time.After(2 * time.Minute):
				require.Fail(t, "still running")
			}
		})
	}
}

func FuzzScript(f *testing.F) {
	for _, seed := range []string{"echo $(($1 / 0))", "a=${b:?c}; [[ x ]]", "cat <<E\n$x\nE", "for i in 1 2; do echo ${i%1}; done >&3 3<>x", "case x in (*[!a]) echo;; esac"} {
		f.Add(seed)
	}
	c := newComputer(f)
	f.Fuzz(func(t *testing.T, script string) {
		for _, name := range []string{"sh", "bash"} {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			p, err := c.RunCommand(ctx, kernel.Spec{Args: []string{name, "-c", script}, Env: map[string]string{"PATH": "/usr/bin:/bin"}})
			require.NoError(t, err)
			<-p.Done()
			cancel()
			assert.NotEqual(t, 139, p.ExitCode(), "a crash of the interpreter")
		}
	})
}
