// The C++ client of a quantd: jobs, their events, records, and the server.
// Not here: files (blob_transfer.h), data sets (dataset_upload.h), a private
// server for a first try (local_server.h).
#ifndef QUANTD_CLIENT_CLIENT_H_
#define QUANTD_CLIENT_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cancel_token.h"
#include "client/channel.h"
#include "grpcpp/client_context.h"
#include "proto/quantd/v1/job.pb.h"
#include "proto/quantd/v1/job_service.grpc.pb.h"
#include "proto/quantd/v1/server_service.grpc.pb.h"

namespace quantd {

// True for SUCCEEDED, FAILED and CANCELLED.
bool IsTerminal(v1::JobState state);

// A connection to one server.
//
// Ownership: owns its channel; `cancel` in the options is the caller's.
// Threads: safe.
// Retries: unary calls that may be repeated are, on UNAVAILABLE (retry.h);
//   watching resumes at the last event seen. Nothing else is retried.
// Errors of every call: what the server answered (base/error.h gives the
//   reason); UNAVAILABLE when it cannot be reached, DEADLINE_EXCEEDED after
//   the deadline, CANCELLED by the token.
//
// Example: quantizes a model, as `quantctl calibrate` does.
//   ASSIGN_OR_RETURN(auto client, Client::Connect("127.0.0.1:50051", {}));
//   BlobTransfer blobs(client.get());
//   DatasetUpload datasets(client.get());
//   v1::JobSpec spec;
//   v1::CalibrateSpec& calibrate = *spec.mutable_calibrate();
//   ASSIGN_OR_RETURN(*calibrate.mutable_model()->mutable_prototxt(),
//                    blobs.Upload("lenet.prototxt"));
//   ASSIGN_OR_RETURN(*calibrate.mutable_model()->mutable_weights(),
//                    blobs.Upload("lenet.caffemodel"));
//   ASSIGN_OR_RETURN(v1::Dataset dataset, datasets.Upload("lmdb", {}));
//   calibrate.set_dataset_id(dataset.id());
//   ASSIGN_OR_RETURN(v1::Job job, client->CreateJob(spec, RandomUuid()));
//   ASSIGN_OR_RETURN(job, client->WaitJob(job.id()));
//   for (const v1::Artifact& artifact : job.artifacts()) {
//     RETURN_IF_ERROR(blobs.Fetch(artifact.blob(), "out/" + artifact.name()));
//   }
class Client {
 public:
  struct Options {
    ChannelOptions channel;
    // When every call of this client ends at the latest.
    absl::Time deadline = absl::InfiniteFuture();
    // Of a single unary call.
    absl::Duration call_timeout = absl::Seconds(30);
    // How long a lost watch tries to find the server again.
    absl::Duration reconnect = absl::Seconds(60);
    // Ends all calls when cancelled. May be null; outlives the client.
    CancelToken* cancel = nullptr;
  };

  // Gets an event; false ends the watch.
  using EventVisitor = absl::FunctionRef<bool(const v1::JobEvent& event)>;

  // Makes the channel, see MakeChannel for the address and the errors; nothing
  // is sent yet.
  static absl::StatusOr<std::unique_ptr<Client>> Connect(
      const std::string& address, Options options);

  // request_id: see CreateJobRequest. Empty: the call is not retried.
  absl::StatusOr<v1::Job> CreateJob(const v1::JobSpec& spec,
                                    const std::string& request_id);
  absl::StatusOr<v1::Job> GetJob(const std::string& id);
  // Newest first, at most `limit` (0: all), in one of `states` (empty: any).
  absl::StatusOr<std::vector<v1::Job>> ListJobs(
      int64_t limit, const std::vector<v1::JobState>& states = {});
  // Asks the job to stop, and does not wait until it has.
  absl::StatusOr<v1::Job> CancelJob(const std::string& id);
  // Of a terminal job. Absent is an error.
  absl::Status DeleteJob(const std::string& id);
  // Returns the job when it is terminal.
  absl::StatusOr<v1::Job> WaitJob(const std::string& id);
  // Visits the events after sequence `after` as they happen, each once and in
  // order, until a terminal state or the visitor's false. A lost connection is
  // resumed.
  absl::Status WatchJob(const std::string& id, int64_t after,
                        EventVisitor visitor);
  // Of a job that succeeded, in network order.
  absl::StatusOr<std::vector<v1::LayerRecord>> ListRecords(
      const std::string& job_id);
  absl::StatusOr<v1::ServerInfo> GetServerInfo();

  // For the other parts of this library.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const Options& options() const { return options_; }
  // Deadline of a unary call that starts now.
  absl::Time CallDeadline(absl::Duration timeout) const;

 private:
  Client(std::shared_ptr<grpc::Channel> channel, Options options);

  // One stream of WatchJob. Sets `after` to the last sequence seen and
  // `finished` after a terminal state or the visitor's false.
  absl::Status WatchOnce(const std::string& id, EventVisitor visitor,
                         int64_t* after, bool* finished);

  const std::shared_ptr<grpc::Channel> channel_;
  const Options options_;
  const std::unique_ptr<v1::JobService::Stub> jobs_;
  const std::unique_ptr<v1::ServerService::Stub> server_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLIENT_H_
