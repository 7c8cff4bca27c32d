// What a kernel prepared for the shapes it saw last.
#ifndef QUANTD_ENGINE_KERNELS_CPU_PLAN_CACHE_H_
#define QUANTD_ENGINE_KERNELS_CPU_PLAN_CACHE_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "engine/core/shape.h"

namespace quantd {

// At most kMaxPlans plans; the oldest goes first. Threads: compatible, not
// safe.
template <typename Plan, size_t kMaxPlans>
class PlanCache {
 public:
  // The plan for sources of shape `src`, with or without bias; make() returns
  // a new one, as std::unique_ptr. It stays valid until the next call.
  template <typename Make>
  Plan* FindOrMake(const Shape& src, bool has_bias, const Make& make) {
    for (const Entry& entry : entries_) {
      if (entry.src == src && entry.has_bias == has_bias) {
        return entry.plan.get();
      }
    }
    std::unique_ptr<Plan> plan = make();
    if (entries_.size() == kMaxPlans) entries_.erase(entries_.begin());
    entries_.push_back({src, has_bias, std::move(plan)});
    return entries_.back().plan.get();
  }

  void Clear() { entries_.clear(); }

 private:
  struct Entry {
    Shape src;
    bool has_bias;
    std::unique_ptr<Plan> plan;
  };

  std::vector<Entry> entries_;  // Oldest first.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_CPU_PLAN_CACHE_H_
