// The data sets that a server has.
// Not here: sending one (dataset_upload.h).
#ifndef QUANTD_CLIENT_DATASETS_H_
#define QUANTD_CLIENT_DATASETS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/client.h"
#include "proto/quantd/v1/dataset_service.grpc.pb.h"

namespace quantd {

// True of "ds-" and 40 lower-case hexadecimal digits, see Dataset.id.
bool IsDatasetId(absl::string_view text);

// Reads over one client's channel.
//
// Ownership: keeps `client`, which must outlive it.
// Threads: safe.
class Datasets {
 public:
  explicit Datasets(Client* client);

  // Errors: NOT_FOUND, DATASET_NOT_FOUND.
  absl::StatusOr<v1::Dataset> Get(const std::string& id);
  // By id, at most `limit`; 0: all.
  absl::StatusOr<std::vector<v1::Dataset>> List(int64_t limit);

 private:
  Client* const client_;
  const std::unique_ptr<v1::DatasetService::Stub> stub_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_DATASETS_H_
