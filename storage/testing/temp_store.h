// A store in a directory of its own, and short ways to make what it keeps.
#ifndef QUANTD_STORAGE_TESTING_TEMP_STORE_H_
#define QUANTD_STORAGE_TESTING_TEMP_STORE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "base/testing/fake_clock.h"
#include "proto/quantd/v1/job.pb.h"
#include "storage/store.h"

namespace quantd::testing {

// A new, empty directory below the test runner's.
std::string NewTempDirectory();

// Threads: compatible, not safe.
class TempStore {
 public:
  // Opens a new store; the test fails if it cannot.
  TempStore();

  storage::Store* operator->() { return store_.get(); }
  const std::string& data_dir() const { return options_.data_dir; }
  const storage::Store::Options& options() const { return options_; }
  FakeClock* clock() { return &clock_; }

  // Closes without opening again.
  void Close() { store_ = nullptr; }
  // As after a restart.
  void Reopen();

 private:
  FakeClock clock_;
  storage::Store::Options options_;
  std::unique_ptr<storage::Store> store_;
};

// A queued calibration job whose spec names data set `dataset_id`.
v1::Job MakeJob(absl::string_view id, absl::string_view dataset_id = "ds-1");

v1::JobEvent MakeStateEvent(v1::JobState state);

// The reference of `bytes`.
v1::BlobRef MakeRef(absl::string_view bytes);

}  // namespace quantd::testing

#endif  // QUANTD_STORAGE_TESTING_TEMP_STORE_H_
