// A quantd in memory, in the test's own process: blobs, data sets and jobs that
// do what the test says, and calls that fail when it says so.
#ifndef QUANTD_CLIENT_TESTING_FAKE_SERVER_H_
#define QUANTD_CLIENT_TESTING_FAKE_SERVER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server.h"
#include "proto/quantd/v1/blob_service.grpc.pb.h"
#include "proto/quantd/v1/dataset_service.grpc.pb.h"
#include "proto/quantd/v1/job_service.grpc.pb.h"
#include "proto/quantd/v1/server_service.grpc.pb.h"

namespace quantd::testing {

// Threads: safe.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  // "127.0.0.1:PORT".
  const std::string& address() const { return address_; }

  // The next `count` calls of any kind end with `status` at once.
  void FailNextCalls(int count, const absl::Status& status);
  // WriteBlob, AppendRecords, ReadBlob and WatchJob break off with UNAVAILABLE
  // after so many messages, `times` times. What came before is kept.
  void BreakStreams(int after_messages, int times);
  // ReadBlob flips a bit.
  void CorruptReads(bool corrupt);

  // Number of calls of `method` ("WriteBlob") so far.
  int calls(const std::string& method);
  // Messages received by WriteBlob and AppendRecords.
  int messages_received();

  // Stores a blob; returns its reference.
  v1::BlobRef AddBlob(const std::string& name, const std::string& bytes);
  bool HasBlob(const std::string& sha256);

  // Data set by id; the records as key + value.
  v1::Dataset dataset(const std::string& id);
  std::vector<std::string> dataset_records(const std::string& id);

  // What the next created job goes through: every event is there at once, the
  // job is as `outcome` says (spec, id and sequence are filled in).
  void ScriptJob(const v1::Job& outcome, std::vector<v1::JobEvent> events);
  // Adds a job as it is.
  void AddJob(const v1::Job& job, std::vector<v1::JobEvent> events);
  void AddRecord(const std::string& job_id, const v1::LayerRecord& record);
  void SetInfo(const v1::ServerInfo& info);
  // The last spec and request id given to CreateJob.
  v1::CreateJobRequest last_create();

 private:
  class Blobs;
  class Datasets;
  class Jobs;
  class Info;

  struct StoredDataset {
    v1::Dataset dataset;
    std::vector<std::string> records;
  };
  struct StoredJob {
    v1::Job job;
    std::vector<v1::JobEvent> events;
    std::vector<v1::LayerRecord> records;
  };

  // Counts the call; its failure if one is due.
  grpc::Status Begin(const std::string& method);
  // True when a stream must break now.
  bool MustBreak(int messages);

  absl::Mutex mutex_;
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mutex_);
  int messages_received_ ABSL_GUARDED_BY(mutex_) = 0;
  int failures_left_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  int break_after_ ABSL_GUARDED_BY(mutex_) = 0;
  int breaks_left_ ABSL_GUARDED_BY(mutex_) = 0;
  bool corrupt_reads_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::string> blobs_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> uploads_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, StoredDataset> datasets_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, StoredJob> jobs_ ABSL_GUARDED_BY(mutex_);
  StoredJob script_ ABSL_GUARDED_BY(mutex_);
  v1::CreateJobRequest last_create_ ABSL_GUARDED_BY(mutex_);
  v1::ServerInfo info_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<Blobs> blob_service_;
  std::unique_ptr<Datasets> dataset_service_;
  std::unique_ptr<Jobs> job_service_;
  std::unique_ptr<Info> info_service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace quantd::testing

#endif  // QUANTD_CLIENT_TESTING_FAKE_SERVER_H_
