// A fixed number of locks for any number of names: writers of different rows
// do not wait for each other's sync.
#ifndef QUANTD_STORAGE_LOCK_STRIPES_H_
#define QUANTD_STORAGE_LOCK_STRIPES_H_

#include <array>
#include <cstddef>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace quantd::storage {

// Threads: safe. Two names may share a lock: never hold two of one object.
class LockStripes {
 public:
  absl::Mutex* For(absl::string_view name) {
    return &mutexes_[absl::Hash<absl::string_view>()(name) % mutexes_.size()];
  }

 private:
  std::array<absl::Mutex, 64> mutexes_;
};

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_LOCK_STRIPES_H_
