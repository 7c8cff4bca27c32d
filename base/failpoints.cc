#include "base/failpoints.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"

// Bounds of the section that the macro fills; absent without failpoints.
extern "C" {
extern const char* __start_quantd_failpoints[] __attribute__((weak));
extern const char* __stop_quantd_failpoints[] __attribute__((weak));
}

namespace quantd {
namespace {

enum class Kind { kOff, kKill, kAbort, kError, kFull, kSleep };

struct Action {
  Kind kind = Kind::kOff;
  int64_t sleep_ms = 0;
  int64_t from_hit = 1;  // Counted from 1.
  int64_t num_hits = 0;
};

absl::Status BadAction(absl::string_view action) {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat("failpoint action \"", action,
                            "\": use off, kill, abort, error, full or "
                            "sleep(MS), with :N for the N-th hit"),
               {{"value", std::string(action)}});
}

absl::StatusOr<Action> ParseAction(absl::string_view text) {
  Action action;
  std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() > 2) return BadAction(text);
  if (parts.size() == 2 &&
      (!absl::SimpleAtoi(parts[1], &action.from_hit) || action.from_hit < 1)) {
    return BadAction(text);
  }
  absl::string_view verb = parts[0];
  if (absl::ConsumePrefix(&verb, "sleep(") && absl::ConsumeSuffix(&verb, ")") &&
      absl::SimpleAtoi(verb, &action.sleep_ms) && action.sleep_ms >= 0) {
    action.kind = Kind::kSleep;
    return action;
  }
  static const auto* const kVerbs = new std::map<absl::string_view, Kind>{
      {"off", Kind::kOff},     {"kill", Kind::kKill}, {"abort", Kind::kAbort},
      {"error", Kind::kError}, {"full", Kind::kFull},
  };
  const auto found = kVerbs->find(parts[0]);
  if (found == kVerbs->end()) return BadAction(text);
  action.kind = found->second;
  return action;
}

absl::Status Act(const Action& action, const char* name) {
  switch (action.kind) {
    case Kind::kOff:
      return absl::OkStatus();
    case Kind::kKill:
      _exit(kFailpointExitCode);
    case Kind::kAbort:
      std::abort();
    case Kind::kSleep:
      absl::SleepFor(absl::Milliseconds(action.sleep_ms));
      return absl::OkStatus();
    case Kind::kFull:
      return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
                   absl::StrCat("failpoint ", name, ": no space"),
                   {{"failpoint", name}});
    case Kind::kError:
      break;
  }
  return Error(absl::StatusCode::kInternal, "FAILPOINT",
               absl::StrCat("failpoint ", name), {{"failpoint", name}});
}

}  // namespace

class FailpointRegistry {
 public:
  static FailpointRegistry* Get() {
    static FailpointRegistry* const registry = new FailpointRegistry;
    return registry;
  }

  void Register(Failpoint* point) {
    absl::MutexLock lock(&mutex_);
    points_.push_back(point);
    point->armed_ = actions_.count(point->name_) > 0;
  }

  void Set(absl::string_view name, const Action& action) {
    absl::MutexLock lock(&mutex_);
    if (action.kind == Kind::kOff) {
      actions_.erase(std::string(name));
    } else {
      actions_[std::string(name)] = action;
    }
    for (Failpoint* point : points_) {
      if (point->name_ == name) point->armed_ = action.kind != Kind::kOff;
    }
  }

  void Clear() {
    absl::MutexLock lock(&mutex_);
    actions_.clear();
    for (Failpoint* point : points_) point->armed_ = false;
  }

  absl::Status Hit(const char* name) {
    Action action;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = actions_.find(name);
      if (found == actions_.end()) return absl::OkStatus();
      if (++found->second.num_hits < found->second.from_hit) {
        return absl::OkStatus();
      }
      action = found->second;
    }
    return Act(action, name);
  }

 private:
  FailpointRegistry() {
    const char* list = std::getenv("QUANTD_FAILPOINTS");
    if (list == nullptr) return;
    for (const auto part : absl::StrSplit(list, ',', absl::SkipEmpty())) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(part, absl::MaxSplits('=', 1));
      const auto action = ParseAction(pair.second);
      if (action.ok()) {
        actions_[pair.first] = *action;
      } else {
        std::fprintf(stderr, "QUANTD_FAILPOINTS: %s\n",
                     action.status().ToString().c_str());
      }
    }
  }

  absl::Mutex mutex_;
  std::vector<Failpoint*> points_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Action> actions_ ABSL_GUARDED_BY(mutex_);
};

Failpoint::Failpoint(const char* name) : name_(name) {
  FailpointRegistry::Get()->Register(this);
}

absl::Status Failpoint::HitSlow() {
  return FailpointRegistry::Get()->Hit(name_);
}

absl::Status SetFailpoint(absl::string_view name, absl::string_view action) {
  ASSIGN_OR_RETURN(const Action parsed, ParseAction(action));
  FailpointRegistry::Get()->Set(name, parsed);
  return absl::OkStatus();
}

absl::Status SetFailpoints(absl::string_view list) {
  for (const auto part : absl::StrSplit(list, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    RETURN_IF_ERROR(SetFailpoint(pair.first, pair.second));
  }
  return absl::OkStatus();
}

void ClearFailpoints() { FailpointRegistry::Get()->Clear(); }

std::vector<std::string> ListFailpoints() {
  std::vector<std::string> names;
  if (&__start_quantd_failpoints == nullptr) return names;
  for (const char** name = __start_quantd_failpoints;
       name != __stop_quantd_failpoints; ++name) {
    names.emplace_back(*name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace quantd
