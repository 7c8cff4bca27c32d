// Tells ThreadSanitizer of absl::Mutex and absl::CondVar, which Debian builds
// without it: these definitions come before the library's, call them, and say
// when a lock is taken and given back. What the library calls itself, and what
// gRPC calls, goes through here as well. Only in programs of --config=tsan.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/base/options.h"
#include "absl/synchronization/mutex.h"

extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);

namespace {

#define QUANTD_TEXT_OF(x) #x
#define QUANTD_TEXT(x) QUANTD_TEXT_OF(x)

// The library's definition of `name`, which is mangled and without the
// namespace in front.
template <typename Function>
Function Original(const std::string& name) {
  const std::string version = QUANTD_TEXT(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string symbol =
      "_ZN4absl" + std::to_string(version.size()) + version + name;
  void* const found = dlsym(RTLD_NEXT, symbol.c_str());
  if (found == nullptr) {
    std::fprintf(stderr, "no %s in Abseil's library\n", symbol.c_str());
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

// Calls `function`, which gives `mutex` back before anything else. Reads are
// not looked at: an unlocking thread evaluates the conditions of those that
// wait, under the lock that it has said to have given back.
template <typename... Parameters, typename... Arguments>
auto Releasing(absl::Mutex* mutex, void (*function)(Parameters...),
               Arguments&&... arguments) {
  __tsan_release(mutex);
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  function(arguments...);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

// Calls `function`, which may give `mutex` back and has it when it returns.
template <typename Result, typename... Parameters, typename... Arguments>
Result Holding(absl::Mutex* mutex, Result (*function)(Parameters...),
               Arguments&&... arguments) {
  struct Scope {
    absl::Mutex* const mutex;
    ~Scope() {
      AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
      __tsan_acquire(mutex);
    }
  };
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  const Scope scope{mutex};
  return function(arguments...);
}

template <typename Result, typename... Parameters, typename... Arguments>
Result Waiting(absl::Mutex* mutex, Result (*function)(Parameters...),
               Arguments&&... arguments) {
  __tsan_release(mutex);
  return Holding(mutex, function, arguments...);
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto original = Original<void (*)(Mutex*)>("5Mutex4LockEv");
  Holding(this, original, this);
}

void Mutex::ReaderLock() {
  static const auto original =
      Original<void (*)(Mutex*)>("5Mutex10ReaderLockEv");
  Holding(this, original, this);
}

bool Mutex::TryLock() {
  static const auto original = Original<bool (*)(Mutex*)>("5Mutex7TryLockEv");
  const bool is_locked = original(this);
  if (is_locked) __tsan_acquire(this);
  return is_locked;
}

void Mutex::Unlock() {
  static const auto original = Original<void (*)(Mutex*)>("5Mutex6UnlockEv");
  Releasing(this, original, this);
}

void Mutex::ReaderUnlock() {
  static const auto original =
      Original<void (*)(Mutex*)>("5Mutex12ReaderUnlockEv");
  Releasing(this, original, this);
}

void Mutex::Await(const Condition& condition) {
  static const auto original = Original<void (*)(Mutex*, const Condition&)>(
      "5Mutex5AwaitERKNS0_9ConditionE");
  Waiting(this, original, this, condition);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static const auto original =
      Original<bool (*)(Mutex*, const Condition&, Duration)>(
          "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Waiting(this, original, this, condition, timeout);
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  static const auto original =
      Original<bool (*)(Mutex*, const Condition&, Time)>(
          "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  return Waiting(this, original, this, condition, deadline);
}

void Mutex::LockWhen(const Condition& condition) {
  static const auto original = Original<void (*)(Mutex*, const Condition&)>(
      "5Mutex8LockWhenERKNS0_9ConditionE");
  Holding(this, original, this, condition);
}

bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  static const auto original =
      Original<bool (*)(Mutex*, const Condition&, Duration)>(
          "5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  return Holding(this, original, this, condition, timeout);
}

void CondVar::Wait(Mutex* mutex) {
  static const auto original =
      Original<void (*)(CondVar*, Mutex*)>("7CondVar4WaitEPNS0_5MutexE");
  Waiting(mutex, original, this, mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto original = Original<bool (*)(CondVar*, Mutex*, Duration)>(
      "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  return Waiting(mutex, original, this, mutex, timeout);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static const auto original = Original<bool (*)(CondVar*, Mutex*, Time)>(
      "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  return Waiting(mutex, original, this, mutex, deadline);
}

ABSL_NAMESPACE_END
}  // namespace absl
