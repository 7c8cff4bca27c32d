#include "server/testing/job_specs.h"

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/random_id.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "proto/quantd/v1/dataset_service.pb.h"

namespace quantd::testing {
namespace {

std::string LittleEndian(uint64_t value, int num_bytes) {
  std::string text;
  for (int i = 0; i < num_bytes; ++i) {
    text.push_back(static_cast<char>(value >> (8 * i)));
  }
  return text;
}

absl::StatusOr<std::string> StoreTinyDataset(storage::Store* store) {
  const std::string sha256 = TinyRecordsSha256();
  ASSIGN_OR_RETURN(const std::string id,
                   storage::DatasetStore::IdForDigest(sha256));
  ASSIGN_OR_RETURN(auto writer, store->datasets()->OpenWriter(id, "tiny"));
  if (writer->complete()) return id;
  google::protobuf::RepeatedPtrField<v1::DatasetRecord> records;
  for (const auto& [key, value] : TinyRecords()) {
    v1::DatasetRecord* record = records.Add();
    record->set_key(key);
    record->set_value(value);
  }
  RETURN_IF_ERROR(writer->Append(0, records));
  RETURN_IF_ERROR(writer->Finish(sha256).status());
  return id;
}

}  // namespace

std::string FreshDataDir() {
  const char* const base = std::getenv("TEST_TMPDIR");
  return absl::StrCat(base == nullptr ? "/tmp" : base, "/", RandomId("data"));
}

std::vector<std::pair<std::string, std::string>> TinyRecords() {
  return {{"00000000", "first"}, {"00000001", "second"}};
}

std::string TinyRecordsSha256() {
  std::string bytes;
  for (const auto& [key, value] : TinyRecords()) {
    absl::StrAppend(&bytes, LittleEndian(key.size(), 4), key,
                    LittleEndian(value.size(), 8), value);
  }
  return Sha256Hex(bytes);
}

absl::StatusOr<v1::JobSpec> StoreEvaluateSpec(storage::Store* store,
                                              const std::string& model) {
  v1::JobSpec spec;
  v1::EvaluateSpec* evaluate = spec.mutable_evaluate();
  ASSIGN_OR_RETURN(*evaluate->mutable_model()->mutable_prototxt(),
                   store->blobs()->Put(model, "model.prototxt"));
  ASSIGN_OR_RETURN(*evaluate->mutable_model()->mutable_weights(),
                   store->blobs()->Put("weights", "model.caffemodel"));
  ASSIGN_OR_RETURN(*evaluate->mutable_dataset_id(), StoreTinyDataset(store));
  return spec;
}

}  // namespace quantd::testing
