# posix: paths, folders that are open, owners, several buffers, attributes, children.
import os
import shutil
import signal
import stat
import tempfile


def attempt(label, function, *arguments, **keywords):
    try:
        print(label, function(*arguments, **keywords))
    except Exception as error:
        shown = str(error).replace(place, "PLACE")
        print(label, type(error).__name__, shown)


place = tempfile.mkdtemp()
os.chdir(place)
folder = os.open(place, os.O_RDONLY)
fd = os.open("one", os.O_RDWR | os.O_CREAT, 0o640, dir_fd=folder)
print(os.pwrite(fd, b"hello world", 0), os.pread(fd, 5, 6), os.writev(fd, [b"ab", bytearray(b"cd")]), os.lseek(fd, 0, 0))
room = [bytearray(3), bytearray(20)]
print(os.readv(fd, room), room, os.preadv(fd, room, 2), room, os.pwritev(fd, [b"X"], 1))
os.ftruncate(fd, 4)
os.truncate("one", 3)
print(os.stat("one").st_size, stat.filemode(os.stat(fd).st_mode), os.fstatvfs(fd).f_namemax, os.statvfs(".").f_bsize > 0)
os.chmod("one", 0o600)
os.fchmod(fd, 0o644)
os.chown("one", os.getuid(), os.getgid())
os.lchown("one", -1, -1)
print(stat.filemode(os.stat("one", dir_fd=folder).st_mode), os.access("one", os.R_OK), os.access("none", os.F_OK, dir_fd=folder))
os.mkdir("two", dir_fd=folder)
os.symlink("one", "three", dir_fd=folder)
os.link("one", "four", src_dir_fd=folder, dst_dir_fd=folder)
os.rename("four", "five", src_dir_fd=folder, dst_dir_fd=folder)
os.mkfifo("six", dir_fd=folder)
print(sorted(os.listdir(folder)), os.readlink("three", dir_fd=folder), os.lstat("three", dir_fd=folder).st_size)
for where in (folder, ".", b"."):
    with os.scandir(where) as found:
        for entry in sorted(found, key=lambda entry: entry.name):
            print(entry, entry.path, entry.is_dir(), entry.is_file(), entry.is_file(follow_symlinks=False), entry.is_symlink(),
                  entry.stat().st_size == os.stat(entry.path).st_size, entry.inode() == entry.stat(follow_symlinks=False).st_ino)
os.utime("one", (1, 2))
os.utime("three", ns=(5, 7), follow_symlinks=False)
print(os.stat("one").st_mtime, os.stat("three", follow_symlinks=False).st_mtime_ns, os.stat("one").st_nlink)
for name in ("six", "five", "three"):
    os.unlink(name, dir_fd=folder)
os.rmdir("two", dir_fd=folder)
print(os.listdir(), os.supports_dir_fd >= {os.open, os.stat, os.unlink, os.rmdir})
for function, arguments in ((os.rename, ("a", "b")), (os.link, ("a", "b")), (os.mkdir, ("one",)), (os.rmdir, ("one",)),
                            (os.symlink, ("x", "one")), (os.unlink, ("none",)), (os.chmod, ("none", 0)), (os.truncate, ("none", 1)),
                            (os.open, ("none", 0)), (os.chown, ("none", 0, 0)), (os.chown, ("one", "x", 0)), (os.chown, ("one", 2**40, 0)),
                            (os.pread, (fd, -1, 0)), (os.readv, (fd, 5)), (os.stat, (5.5,)), (os.getpgid, (-5,)), (os.getsid, (10**7,))):
    attempt((function.__name__, arguments) if fd not in arguments else function.__name__, function, *arguments)
attempt("dir_fd", os.open, "one", 0, dir_fd="x")
try:
    os.setxattr("one", "user.name", b"value")
    print(os.getxattr("one", "user.name"), os.listxattr("one"), os.removexattr("one", "user.name"), os.listxattr("one"))
except OSError as error:
    print(error.errno)
attempt("xattr", os.getxattr, "none", "user.x")
print(os.major(0x803), os.minor(0x803), os.makedev(8, 3), os.confstr("CS_PATH"), os.pathconf(".", "PC_NAME_MAX"), os.sysconf("SC_PAGESIZE"))
attempt("confstr", os.confstr, "CS_NONE")
attempt("pathconf", os.pathconf, ".", 1.5)
print(os.getpgrp() == os.getpgid(0), os.getsid(0) > 0, os.getpriority(os.PRIO_PROCESS, 0), os.nice(0), len(os.getloadavg()))
print(os.sched_get_priority_max(os.SCHED_FIFO), os.sched_getscheduler(0), os.sched_getparam(0), len(os.sched_getaffinity(0)) == os.cpu_count())
print(os.getresuid(), os.getresgid(), os.getgrouplist("root", 0)[:1], sorted(os.getgroups())[:1])
log = []
os.register_at_fork(before=lambda: log.append("before"), after_in_parent=lambda: log.append("parent"),
                    after_in_child=lambda: log.append("child"))
ends = os.pipe2(os.O_CLOEXEC)
child = os.fork()
if child == 0:
    os.write(ends[1], repr(log).encode())
    os._exit(7)
print(os.waitpid(child, 0)[1], os.read(ends[0], 100), log)
child = os.fork()
if child == 0:
    os.execv("/bin/sh", ["sh", "-c", "exit 5"])
print(os.waitstatus_to_exitcode(os.wait()[1]))
child = os.fork()
if child == 0:
    os.execve("/bin/sh", ["sh", "-c", 'test "$NAME" = value && exit 3'], {"NAME": "value"})
print(os.waitstatus_to_exitcode(os.wait4(child, 0)[1]))
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGKILL)
result = os.waitid(os.P_PID, child, os.WEXITED)
print(result.si_signo, result.si_status, result.si_code, result.si_pid == child)
out = os.pipe()
actions = [(os.POSIX_SPAWN_DUP2, out[1], 1), (os.POSIX_SPAWN_CLOSE, out[0]), (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
child = os.posix_spawn("/bin/sh", ["sh", "-c", "echo $NAME; cat; exit 4"], {"NAME": "spawned"}, file_actions=actions, setsid=True,
                       setsigdef=[signal.SIGUSR1], setsigmask=[signal.SIGUSR2])
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.read(out[0], 100))
print(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawnp("true", ["true"], os.environ), 0)[1]))
attempt("spawn", os.posix_spawn, "/no/such", ["x"], {})
attempt("spawn", os.posix_spawn, "/bin/sh", [], {})
attempt("spawn", os.posix_spawn, "/bin/sh", ["sh"], 5)
attempt("spawn", os.posix_spawn, "/bin/sh", ["sh"], {}, file_actions=[(9,)])
attempt("spawn", os.posix_spawn, "/bin/sh", ["sh"], {}, setsigmask=[99])
attempt("exec", os.execv, "/no/such", ["x"])
attempt("exec", os.execv, "/bin/sh", [])
attempt("exec", os.execv, "/bin/sh", "x")
attempt("wait", os.wait)
attempt("fork", os.register_at_fork)
attempt("fork", os.register_at_fork, before=5)
pair = os.openpty()
print(os.isatty(pair[1]), os.ttyname(pair[1]).startswith("/dev/"), os.device_encoding(pair[1]), os.device_encoding(fd), os.ctermid())
memory = os.memfd_create("name")
print(os.write(memory, b"12345"), os.sendfile(fd, memory, 0, 5), os.copy_file_range(fd, fd, 2, 0, 10), os.fstat(fd).st_size)
event = os.eventfd(3)
print(os.eventfd_write(event, 4), os.eventfd_read(event))
os.closerange(event, event + 1)
attempt("closed", os.fstat, event)
os.posix_fallocate(fd, 0, 4096)
print(os.fstat(fd).st_size, os.lockf(fd, os.F_LOCK, 0), os.fdatasync(fd), os.sync())
os.chdir("/")
shutil.rmtree(place)
print(os.path.exists(place), sorted(name for name in dir(os) if name.startswith("statvfs") or name.startswith("sched")))
