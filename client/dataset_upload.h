// Images of this machine as a data set of the server.
// Not here: reading them (record_source.h).
#ifndef QUANTD_CLIENT_DATASET_UPLOAD_H_
#define QUANTD_CLIENT_DATASET_UPLOAD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cancel_token.h"
#include "client/client.h"
#include "client/record_source.h"
#include "client/transfer_progress.h"
#include "proto/quantd/v1/dataset_service.grpc.pb.h"

namespace quantd {

// What names a data set: see Dataset in dataset_service.proto.
struct DatasetDigest {
  std::string id;
  std::string sha256;
  int64_t num_records = 0;
  // Sum of the values' sizes.
  int64_t size_bytes = 0;
};

// Digest of the first `num_records` records, clipped to what is there.
// cancel: may be null. Errors: those of `records`; CANCELLED.
absl::StatusOr<DatasetDigest> DigestRecords(
    const RecordSource& records, int64_t num_records,
    const TransferProgress& progress = {}, CancelToken* cancel = nullptr);

// Uploads data sets over one client's channel.
//
// Ownership: keeps `client`, which must outlive it.
// Threads: safe.
// Memory: one message of about 1 MiB, or one record.
class DatasetUpload {
 public:
  struct Options {
    // Only the first so many records; 0: all. A prefix is a data set of its
    // own.
    int64_t max_records = 0;
    // Empty: the base name of the directory.
    std::string display_name;
    // Records hashed, and records sent.
    TransferProgress digest_progress;
    TransferProgress upload_progress;
  };

  explicit DatasetUpload(Client* client);

  // Hashes the records of OpenRecords(data), and sends those that the server
  // does not have: none for a data set it knows, the rest of one that broke
  // off. Errors: of OpenRecords() and of DatasetService; all name the path.
  absl::StatusOr<v1::Dataset> Upload(const std::vector<std::string>& data,
                                     const Options& options);
  absl::StatusOr<v1::Dataset> Upload(const std::string& path,
                                     const Options& options) {
    return Upload(std::vector<std::string>{path}, options);
  }

 private:
  // The data set as the server has it; an empty, incomplete one if it does not.
  absl::StatusOr<v1::Dataset> Find(const std::string& id);
  // One AppendRecords stream, from record `first` to the end.
  absl::StatusOr<v1::Dataset> AppendFrom(int64_t first,
                                         const RecordSource& records,
                                         const DatasetDigest& digest,
                                         const Options& options);

  Client* const client_;
  const std::unique_ptr<v1::DatasetService::Stub> stub_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_DATASET_UPLOAD_H_
