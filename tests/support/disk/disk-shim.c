/*
 * A disk between a program and the system, for Linux (LD_PRELOAD): it records what the program does
 * to the files below DISK_WATCH into DISK_LOG, and lets one call fail that it is told of.
 *
 * The program speaks to it by opening names below <DISK_WATCH>/.disk/, which never exist:
 *   fail-<n>-<errno>-<kinds>-<how>   the n-th call from now on of these kinds (letters, see below)
 *                                    fails; how: 0 before anything is done, 1 after half of a write
 *   count-<kinds>                    count these calls and let none fail
 *   done                             let no call fail any more; its content is the number of calls
 *
 * A record: kind (1 byte), lengths of path and second path (4 bytes each), offset and length of
 * the data (8 bytes each), then path, second path, data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_FDS = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[MAX_FDS];
static char watch[PATH_MAX];
static size_t watch_length;
static int log_fd = -1;

static long calls, fail_at;
static int fail_errno, fail_half;
static char fail_kinds[32];

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static void real_write_all(int fd, const void *bytes, size_t length) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  for (const char *at = bytes; length > 0;) {
    ssize_t written = real(fd, at, length);
    if (written <= 0) abort();
    at += written;
    length -= (size_t)written;
  }
}

__attribute__((constructor)) static void start(void) {
  const char *directory = getenv("DISK_WATCH");
  if (!directory || !realpath(directory, watch)) return;
  watch_length = strlen(watch);
  const char *log = getenv("DISK_LOG");
  static int (*real)(const char *, int, ...);
  real = dlsym(RTLD_NEXT, "open");
  if (log) log_fd = real(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(const char *path) {
  return path && watch_length > 0 && strncmp(path, watch, watch_length) == 0 &&
         (path[watch_length] == '/' || path[watch_length] == 0);
}

static char *path_of(int fd) { return fd >= 0 && fd < MAX_FDS ? paths[fd] : NULL; }

static void record(char kind, const char *path, const char *second, uint64_t offset,
                   const struct iovec *parts, int count, uint64_t length) {
  if (log_fd < 0) return;
  char head[25];
  uint32_t path_length = (uint32_t)strlen(path), second_length = second ? (uint32_t)strlen(second) : 0;
  head[0] = kind;
  memcpy(head + 1, &path_length, 4);
  memcpy(head + 5, &second_length, 4);
  memcpy(head + 9, &offset, 8);
  memcpy(head + 17, &length, 8);
  real_write_all(log_fd, head, sizeof head);
  real_write_all(log_fd, path, path_length);
  if (second) real_write_all(log_fd, second, second_length);
  for (int part = 0; part < count && length > 0; part++) {
    uint64_t size = parts[part].iov_len < length ? parts[part].iov_len : length;
    real_write_all(log_fd, parts[part].iov_base, size);
    length -= size;
  }
}

/* Whether this call is the one that is to fail. The lock is held. */
static int fails(char kind) {
  if (!strchr(fail_kinds, kind) || fail_kinds[0] == 0) return 0;
  if (++calls != fail_at) return 0;
  return 1;
}

static int order(const char *word) {
  int half = 0, code = 0;
  long at = 0;
  char kinds[32] = "";
  if (sscanf(word, "fail-%ld-%d-%31[a-z]-%d", &at, &code, kinds, &half) == 4 ||
      sscanf(word, "count-%31[a-z]", kinds) == 1) {
    calls = 0;
    fail_at = at;
    fail_errno = code;
    fail_half = half;
    strcpy(fail_kinds, kinds);
  } else if (strcmp(word, "done") == 0) {
    int fd = memfd_create("count", 0);
    char text[32];
    int length = snprintf(text, sizeof text, "%ld", calls);
    real_write_all(fd, text, (size_t)length);
    lseek(fd, 0, SEEK_SET);
    fail_kinds[0] = 0;
    return fd;
  }
  errno = ENOENT;
  return -1;
}

static int opened(const char *path, int flags, mode_t mode,
                  int (*real)(const char *, int, ...)) {
  if (!watched(path)) return real(path, flags, mode);
  pthread_mutex_lock(&lock);
  int fd = -1;
  if (strncmp(path + watch_length, "/.disk/", 7) == 0) {
    fd = order(path + watch_length + 7);
  } else if (fails('o')) {
    errno = fail_errno;
  } else {
    int existed = access(path, F_OK) == 0;
    fd = real(path, flags, mode);
    if (fd >= 0 && fd < MAX_FDS) {
      free(paths[fd]);
      paths[fd] = strdup(path);
      if (!existed) record('c', path, NULL, 0, NULL, 0, 0);
      else if (flags & O_TRUNC) record('t', path, NULL, 0, NULL, 0, 0);
    }
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    static int (*real)(const char *, int, ...); \
    if (!real) real = dlsym(RTLD_NEXT, #name); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = (mode_t)va_arg(rest, int); \
    va_end(rest); \
    return opened(path, flags, mode, real); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(close);
  if (path_of(fd)) {
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return real(fd);
}

static uint64_t place_of(int fd) {
  struct stat found;
  if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &found) == 0) return (uint64_t)found.st_size;
  return (uint64_t)lseek(fd, 0, SEEK_CUR);
}

/* One write of several parts; offset -1: at the descriptor's own place. */
static ssize_t written(int fd, const struct iovec *parts, int count, off_t offset) {
  static ssize_t (*real_v)(int, const struct iovec *, int);
  static ssize_t (*real_pv)(int, const struct iovec *, int, off_t);
  if (!real_v) real_v = dlsym(RTLD_NEXT, "writev");
  if (!real_pv) real_pv = dlsym(RTLD_NEXT, "pwritev");
  if (!path_of(fd)) return offset < 0 ? real_v(fd, parts, count) : real_pv(fd, parts, count, offset);
  pthread_mutex_lock(&lock);
  uint64_t place = offset < 0 ? place_of(fd) : (uint64_t)offset;
  ssize_t done = -1;
  int kept = 0;
  if (fails('w')) {
    kept = fail_errno;
    if (fail_half && parts[0].iov_len > 1) {
      struct iovec half = {parts[0].iov_base, parts[0].iov_len / 2};
      done = offset < 0 ? real_v(fd, &half, 1) : real_pv(fd, &half, 1, offset);
      if (done > 0) record('w', path_of(fd), NULL, place, &half, 1, (uint64_t)done);
      /* What comes back is short; the rest fails when it is tried. */
      fail_at++;
      fail_half = 0;
    }
  } else {
    done = offset < 0 ? real_v(fd, parts, count) : real_pv(fd, parts, count, offset);
    kept = errno;
    if (done > 0) record('w', path_of(fd), NULL, place, parts, count, (uint64_t)done);
  }
  pthread_mutex_unlock(&lock);
  errno = kept;
  return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(write);
  if (!path_of(fd)) return real(fd, bytes, length);
  struct iovec part = {(void *)bytes, length};
  return written(fd, &part, 1, -1);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  REAL(pwrite);
  if (!path_of(fd)) return real(fd, bytes, length, offset);
  struct iovec part = {(void *)bytes, length};
  return written(fd, &part, 1, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  return pwrite(fd, bytes, length, offset);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return written(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return written(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return written(fd, parts, count, offset);
}

/* A call that returns 0 or -1. */
#define CALL(kind, is_watched, first, second, offset, run) \
  if (!(is_watched)) return run; \
  pthread_mutex_lock(&lock); \
  int result = -1, kept = fail_errno; \
  if (!fails(kind)) { \
    result = run; \
    kept = errno; \
    if (result == 0) record(kind, first, second, (uint64_t)(offset), NULL, 0, 0); \
  } \
  pthread_mutex_unlock(&lock); \
  errno = kept; \
  return result;

int fsync(int fd) { REAL(fsync); CALL('s', path_of(fd), path_of(fd), NULL, 0, real(fd)) }
int fdatasync(int fd) { REAL(fdatasync); CALL('s', path_of(fd), path_of(fd), NULL, 0, real(fd)) }
int ftruncate(int fd, off_t size) { REAL(ftruncate); CALL('t', path_of(fd), path_of(fd), NULL, size, real(fd, size)) }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); CALL('t', path_of(fd), path_of(fd), NULL, size, real(fd, size)) }
int truncate(const char *path, off_t size) { REAL(truncate); CALL('t', watched(path), path, NULL, size, real(path, size)) }
int rename(const char *from, const char *to) { REAL(rename); CALL('r', watched(from) || watched(to), from, to, 0, real(from, to)) }
int link(const char *from, const char *to) { REAL(link); CALL('l', watched(to), from, to, 0, real(from, to)) }
int unlink(const char *path) { REAL(unlink); CALL('u', watched(path), path, NULL, 0, real(path)) }
int remove(const char *path) { REAL(remove); CALL('u', watched(path), path, NULL, 0, real(path)) }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); CALL('m', watched(path), path, NULL, 0, real(path, mode)) }
int rmdir(const char *path) { REAL(rmdir); CALL('d', watched(path), path, NULL, 0, real(path)) }

char *mkdtemp(char *template) {
  REAL(mkdtemp);
  char *made = real(template);
  if (made && watched(made)) {
    pthread_mutex_lock(&lock);
    record('m', made, NULL, 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
  }
  return made;
}
