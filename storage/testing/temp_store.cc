#include "storage/testing/temp_store.h"

#include <cstdlib>

#include "base/sha256.h"
#include "gtest/gtest.h"

namespace quantd::testing {

std::string NewTempDirectory() {
  std::string path = ::testing::TempDir() + "store_XXXXXX";
  if (mkdtemp(path.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << path;
  return path;
}

TempStore::TempStore() {
  options_.data_dir = NewTempDirectory();
  options_.clock = &clock_;
  Reopen();
}

void TempStore::Reopen() {
  store_ = nullptr;
  auto store = storage::Store::Open(options_);
  if (!store.ok()) {
    ADD_FAILURE() << store.status();
    std::abort();
  }
  store_ = *std::move(store);
}

v1::Job MakeJob(absl::string_view id, absl::string_view dataset_id) {
  v1::Job job;
  job.set_id(std::string(id));
  job.mutable_spec()->mutable_calibrate()->set_dataset_id(
      std::string(dataset_id));
  job.set_state(v1::JOB_STATE_QUEUED);
  job.mutable_create_time()->set_seconds(1'700'000'000);
  return job;
}

v1::JobEvent MakeStateEvent(v1::JobState state) {
  v1::JobEvent event;
  event.set_state(state);
  return event;
}

v1::BlobRef MakeRef(absl::string_view bytes) {
  v1::BlobRef ref;
  ref.set_sha256(Sha256Hex(bytes));
  ref.set_size_bytes(static_cast<int64_t>(bytes.size()));
  return ref;
}

}  // namespace quantd::testing
