// A worker's calls to quantd, on the private socket.
#ifndef QUANTD_SERVER_WORKER_WORKER_CLIENT_H_
#define QUANTD_SERVER_WORKER_WORKER_CLIENT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/quantd/v1/blob_service.grpc.pb.h"
#include "proto/quantd/v1/worker_service.grpc.pb.h"

namespace quantd::worker {

// Blocking calls with deadlines. Errors are those of the services, with their
// reasons; UNAVAILABLE when quantd is gone.
//
// Threads: safe.
class WorkerClient {
 public:
  // address: "unix:/path".
  explicit WorkerClient(const std::string& address);

  // Waits for work for some 10 s; nullopt: none came.
  absl::StatusOr<std::optional<v1::Attempt>> Lease(
      const v1::LeaseRequest& request);
  absl::StatusOr<v1::ReportResponse> Report(const v1::ReportRequest& request);
  absl::Status SaveArtifacts(const v1::SaveArtifactsRequest& request);
  absl::Status Commit(const v1::CommitRequest& request);

  // All bytes of a blob; quantd has checked their digest.
  absl::StatusOr<std::string> ReadBlob(const v1::BlobRef& ref);
  // Stores `bytes`; the reference to them.
  absl::StatusOr<v1::BlobRef> WriteBlob(absl::string_view bytes,
                                        const std::string& file_name);

 private:
  std::unique_ptr<v1::WorkerService::Stub> worker_;
  std::unique_ptr<v1::BlobService::Stub> blobs_;
};

}  // namespace quantd::worker

#endif  // QUANTD_SERVER_WORKER_WORKER_CLIENT_H_
