# Processes and what the system says: subprocess, pipes, locks, limits, users, terminals.
import errno
import fcntl
import grp
import os
import pwd
import resource
import struct
import subprocess
import sys
import tempfile
import termios


def attempt(label, function, *arguments, **keywords):
    try:
        print(label, function(*arguments, **keywords))
    except Exception as error:
        print(label, type(error).__name__, error)


print(subprocess.run(["cat"], input=b"through a pipe", capture_output=True))
print(subprocess.run("echo out; echo err >&2; exit 3", shell=True, capture_output=True, text=True))
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode, subprocess.call(["true"]), subprocess.call(["false"]))
print(subprocess.check_output(["sh", "-c", "echo $NAME; pwd"], env={"NAME": "value", "PATH": os.environ["PATH"]}, cwd="/"))
attempt("missing", subprocess.run, ["/no/such/program"])
attempt("folder", subprocess.run, ["true"], cwd="/no/such/folder")
attempt("not a program", subprocess.run, ["/etc/passwd"])
try:
    subprocess.run(["sleep", "5"], timeout=0.05)
except subprocess.TimeoutExpired as error:
    print(error.cmd, error.output)
attempt("raised", subprocess.run, ["true"], preexec_fn=lambda: 1 / 0)
print(subprocess.run(["sh", "-c", "umask"], umask=0o27, capture_output=True).stdout)
print(subprocess.run(["sh", "-c", "ls /proc/self/fd | wc -l"], capture_output=True).stdout)
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
child.stdin.write(b"ping")
print(child.stdout.read(4), child.poll())
child.stdin.close()
print(child.wait(), child.stdout.read())
child.stdout.close()
with tempfile.TemporaryFile() as file:
    print(fcntl.fcntl(file, fcntl.F_GETFD), fcntl.fcntl(file.fileno(), fcntl.F_SETFD, 0), fcntl.fcntl(file, fcntl.F_GETFD))
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(file, fcntl.LOCK_UN)
    fcntl.lockf(file, fcntl.LOCK_EX)
    fcntl.lockf(file, fcntl.LOCK_UN, 5, 1)
    lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
    print(len(fcntl.fcntl(file, fcntl.F_GETLK, lock)))
    attempt("lock", fcntl.lockf, file, 0)
    attempt("long", fcntl.fcntl, file, fcntl.F_GETLK, b"x" * 1025)
    attempt("ioctl", fcntl.ioctl, file, termios.TIOCGWINSZ, b"\0" * 8)
    attempt("attributes", termios.tcgetattr, file)
    attempt("size", termios.tcgetwinsize, file)
attempt("fd", fcntl.fcntl, "x", 1)
attempt("fd", fcntl.fcntl, -1, 1)
ends = os.pipe()
print(struct.unpack("i", fcntl.ioctl(ends[0], termios.FIONREAD, b"\0" * 4)))
os.write(ends[1], b"12345")
room = bytearray(4)
print(fcntl.ioctl(ends[0], termios.FIONREAD, room), struct.unpack("i", room))
root = pwd.getpwuid(0)
print(root.pw_name, root.pw_uid, root.pw_gid, root.pw_dir, pwd.getpwnam("root") == root, root in pwd.getpwall())
print(grp.getgrgid(0).gr_name, grp.getgrnam("root")[:3], len(grp.getgrall()) > 5)
for argument in ("nobody at all", 5, "nul\0"):
    attempt(argument, pwd.getpwnam, argument)
    attempt(argument, grp.getgrnam, argument)
for argument in (123456789, -1, 2**40, "x", 1.5):
    attempt(argument, pwd.getpwuid, argument)
    attempt(argument, grp.getgrgid, argument)
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
print(resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getpagesize(), len(resource.getrusage(resource.RUSAGE_SELF)))
attempt("limit", resource.getrlimit, 99)
attempt("limit", resource.setrlimit, resource.RLIMIT_CORE, (1,))
attempt("limit", resource.setrlimit, resource.RLIMIT_CORE, ("a", "b"))
attempt("usage", resource.getrusage, 99)
print(sys.stdin.buffer.raw.mode, sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.mode, sys.stdin.name)
print(errno.errorcode[2])
