#include "client/testing/fake_server.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/sha256.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "proto/rpc/grpc_status.h"

namespace quantd::testing {
namespace {

constexpr size_t kReadChunk = 1000;

grpc::Status Unavailable() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the fake broke it off");
}

grpc::Status NotFound(const std::string& reason, const std::string& name) {
  return ToGrpcStatus(Error(absl::StatusCode::kNotFound, reason,
                            name + " is not there", {{"name", name}}));
}

grpc::Status BadOffset() {
  return ToGrpcStatus(Error(absl::StatusCode::kOutOfRange,
                            "OFFSET_OUT_OF_RANGE", "wrong offset"));
}

}  // namespace

class FakeServer::Blobs final : public v1::BlobService::Service {
 public:
  explicit Blobs(FakeServer* fake) : fake_(fake) {}

  grpc::Status FindMissingBlobs(
      grpc::ServerContext*, const v1::FindMissingBlobsRequest* request,
      v1::FindMissingBlobsResponse* response) override {
    grpc::Status status = fake_->Begin("FindMissingBlobs");
    if (!status.ok()) return status;
    for (const v1::BlobRef& blob : request->blobs()) {
      if (!fake_->HasBlob(blob.sha256())) *response->add_missing() = blob;
    }
    return grpc::Status::OK;
  }

  grpc::Status WriteBlob(grpc::ServerContext*,
                         grpc::ServerReader<v1::WriteBlobRequest>* reader,
                         v1::WriteBlobResponse* response) override {
    grpc::Status status = fake_->Begin("WriteBlob");
    if (!status.ok()) return status;
    v1::WriteBlobRequest request;
    v1::BlobRef blob;
    std::string upload_id;
    for (int messages = 0; reader->Read(&request); ++messages) {
      if (messages == 0) {
        blob = request.blob();
        upload_id = request.upload_id();
      }
      if (fake_->MustBreak(messages)) return Unavailable();
      absl::MutexLock lock(&fake_->mutex_);
      ++fake_->messages_received_;
      std::string& bytes = fake_->uploads_[upload_id];
      if (request.write_offset() != static_cast<int64_t>(bytes.size())) {
        return BadOffset();
      }
      bytes += request.data();
      response->set_committed_size(bytes.size());
      if (!request.finish_write()) continue;
      if (Sha256Hex(bytes) != blob.sha256()) {
        return ToGrpcStatus(Error(absl::StatusCode::kInvalidArgument,
                                  "DIGEST_MISMATCH", "wrong digest"));
      }
      fake_->blobs_[blob.sha256()] = bytes;
    }
    return grpc::Status::OK;
  }

  grpc::Status QueryWriteStatus(
      grpc::ServerContext*, const v1::QueryWriteStatusRequest* request,
      v1::QueryWriteStatusResponse* response) override {
    grpc::Status status = fake_->Begin("QueryWriteStatus");
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    const auto found = fake_->uploads_.find(request->upload_id());
    if (found == fake_->uploads_.end()) return NotFound("BLOB_NOT_FOUND", "it");
    response->set_committed_size(found->second.size());
    response->set_complete(fake_->blobs_.count(request->blob().sha256()) > 0);
    return grpc::Status::OK;
  }

  grpc::Status ReadBlob(
      grpc::ServerContext*, const v1::ReadBlobRequest* request,
      grpc::ServerWriter<v1::ReadBlobResponse>* writer) override {
    grpc::Status status = fake_->Begin("ReadBlob");
    if (!status.ok()) return status;
    std::string bytes;
    bool corrupt = false;
    {
      absl::MutexLock lock(&fake_->mutex_);
      const auto found = fake_->blobs_.find(request->blob().sha256());
      if (found == fake_->blobs_.end()) {
        return NotFound("BLOB_NOT_FOUND", request->blob().sha256());
      }
      bytes = found->second;
      corrupt = fake_->corrupt_reads_;
    }
    if (corrupt) bytes[0] ^= 1;
    int messages = 0;
    for (size_t at = request->read_offset(); at < bytes.size();
         at += kReadChunk, ++messages) {
      if (fake_->MustBreak(messages)) return Unavailable();
      v1::ReadBlobResponse response;
      response.set_data(bytes.substr(at, kReadChunk));
      writer->Write(response);
    }
    return grpc::Status::OK;
  }

 private:
  FakeServer* const fake_;
};

class FakeServer::Datasets final : public v1::DatasetService::Service {
 public:
  explicit Datasets(FakeServer* fake) : fake_(fake) {}

  grpc::Status AppendRecords(
      grpc::ServerContext*,
      grpc::ServerReader<v1::AppendRecordsRequest>* reader,
      v1::Dataset* response) override {
    grpc::Status status = fake_->Begin("AppendRecords");
    if (!status.ok()) return status;
    v1::AppendRecordsRequest request;
    std::string id;
    std::string open;  // A record, some parts of it.
    for (int messages = 0; reader->Read(&request); ++messages) {
      if (messages == 0) id = request.id();
      if (fake_->MustBreak(messages)) return Unavailable();
      absl::MutexLock lock(&fake_->mutex_);
      ++fake_->messages_received_;
      StoredDataset& stored = fake_->datasets_[id];
      if (messages == 0) {
        stored.dataset.set_id(id);
        stored.dataset.set_display_name(request.display_name());
      }
      if (request.first_index() != stored.dataset.num_records()) {
        return BadOffset();
      }
      for (const v1::DatasetRecord& record : request.records()) {
        if (record.key().empty()) {
          open += record.value();
        } else {
          open = record.key() + record.value();
        }
        if (!record.continued()) stored.records.push_back(open);
        stored.dataset.set_size_bytes(stored.dataset.size_bytes() +
                                      record.value().size());
      }
      stored.dataset.set_num_records(stored.records.size());
      if (request.finish()) {
        stored.dataset.set_sha256(request.sha256());
        stored.dataset.set_complete(true);
      }
      *response = stored.dataset;
    }
    return grpc::Status::OK;
  }

  grpc::Status GetDataset(grpc::ServerContext*,
                          const v1::GetDatasetRequest* request,
                          v1::Dataset* response) override {
    grpc::Status status = fake_->Begin("GetDataset");
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    const auto found = fake_->datasets_.find(request->id());
    if (found == fake_->datasets_.end()) {
      return NotFound("DATASET_NOT_FOUND", request->id());
    }
    *response = found->second.dataset;
    return grpc::Status::OK;
  }

 private:
  FakeServer* const fake_;
};

class FakeServer::Jobs final : public v1::JobService::Service {
 public:
  explicit Jobs(FakeServer* fake) : fake_(fake) {}

  grpc::Status CreateJob(grpc::ServerContext*,
                         const v1::CreateJobRequest* request,
                         v1::Job* response) override {
    grpc::Status status = fake_->Begin("CreateJob");
    if (!status.ok()) return status;
    StoredJob stored;
    {
      absl::MutexLock lock(&fake_->mutex_);
      fake_->last_create_ = *request;
      stored = fake_->script_;
      stored.job.set_id(absl::StrCat("job-", fake_->jobs_.size() + 1));
    }
    *stored.job.mutable_spec() = request->spec();
    fake_->AddJob(stored.job, stored.events);
    response->set_id(stored.job.id());
    *response->mutable_spec() = request->spec();
    response->set_state(v1::JOB_STATE_QUEUED);
    return grpc::Status::OK;
  }

  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest* request,
                      v1::Job* response) override {
    return Find("GetJob", request->id(), response);
  }

  grpc::Status ListJobs(grpc::ServerContext*,
                        const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override {
    grpc::Status status = fake_->Begin("ListJobs");
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    // Newest first; the token is the last id of the page before.
    for (auto it = fake_->jobs_.rbegin(); it != fake_->jobs_.rend(); ++it) {
      const v1::Job& job = it->second.job;
      if (!request->page_token().empty() && job.id() >= request->page_token()) {
        continue;
      }
      const auto& filter = request->state_filter();
      if (!filter.empty() && std::find(filter.begin(), filter.end(),
                                       job.state()) == filter.end()) {
        continue;
      }
      if (response->jobs_size() == std::min(request->page_size(), 3)) {
        response->set_next_page_token(
            response->jobs(response->jobs_size() - 1).id());
        break;
      }
      *response->add_jobs() = job;
    }
    return grpc::Status::OK;
  }

  grpc::Status CancelJob(grpc::ServerContext*,
                         const v1::CancelJobRequest* request,
                         v1::Job* response) override {
    grpc::Status status = Find("CancelJob", request->id(), response);
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    v1::Job& job = fake_->jobs_[request->id()].job;
    if (job.state() == v1::JOB_STATE_QUEUED ||
        job.state() == v1::JOB_STATE_RUNNING) {
      job.set_state(v1::JOB_STATE_CANCELLED);
    }
    *response = job;
    return grpc::Status::OK;
  }

  grpc::Status DeleteJob(grpc::ServerContext*,
                         const v1::DeleteJobRequest* request,
                         v1::DeleteJobResponse*) override {
    v1::Job job;
    grpc::Status status = Find("DeleteJob", request->id(), &job);
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    fake_->jobs_.erase(request->id());
    return grpc::Status::OK;
  }

  grpc::Status WaitJob(grpc::ServerContext*, const v1::WaitJobRequest* request,
                       v1::Job* response) override {
    return Find("WaitJob", request->id(), response);
  }

  grpc::Status WatchJob(grpc::ServerContext* context,
                        const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::JobEvent>* writer) override {
    v1::Job job;
    grpc::Status status = Find("WatchJob", request->id(), &job);
    if (!status.ok()) return status;
    std::vector<v1::JobEvent> events;
    {
      absl::MutexLock lock(&fake_->mutex_);
      events = fake_->jobs_[request->id()].events;
    }
    int messages = 0;
    for (const v1::JobEvent& event : events) {
      if (event.sequence() <= request->after_sequence()) continue;
      if (fake_->MustBreak(messages++)) return Unavailable();
      writer->Write(event);
    }
    // A job that goes on: until the client has enough.
    while (job.state() == v1::JOB_STATE_RUNNING && !context->IsCancelled()) {
      absl::MutexLock lock(&fake_->mutex_);
      fake_->mutex_.AwaitWithTimeout(absl::Condition::kTrue,
                                     absl::Milliseconds(1));
    }
    return grpc::Status::OK;
  }

  grpc::Status ListRecords(grpc::ServerContext*,
                           const v1::ListRecordsRequest* request,
                           v1::ListRecordsResponse* response) override {
    v1::Job job;
    grpc::Status status = Find("ListRecords", request->job_id(), &job);
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    for (const auto& record : fake_->jobs_[request->job_id()].records) {
      *response->add_records() = record;
    }
    return grpc::Status::OK;
  }

 private:
  grpc::Status Find(const std::string& method, const std::string& id,
                    v1::Job* job) {
    grpc::Status status = fake_->Begin(method);
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    const auto found = fake_->jobs_.find(id);
    if (found == fake_->jobs_.end()) {
      return NotFound("JOB_NOT_FOUND", absl::StrCat("job ", id));
    }
    *job = found->second.job;
    return grpc::Status::OK;
  }

  FakeServer* const fake_;
};

class FakeServer::Info final : public v1::ServerService::Service {
 public:
  explicit Info(FakeServer* fake) : fake_(fake) {}

  grpc::Status GetServerInfo(grpc::ServerContext*,
                             const v1::GetServerInfoRequest*,
                             v1::ServerInfo* response) override {
    grpc::Status status = fake_->Begin("GetServerInfo");
    if (!status.ok()) return status;
    absl::MutexLock lock(&fake_->mutex_);
    *response = fake_->info_;
    return grpc::Status::OK;
  }

 private:
  FakeServer* const fake_;
};

FakeServer::FakeServer()
    : blob_service_(new Blobs(this)),
      dataset_service_(new Datasets(this)),
      job_service_(new Jobs(this)),
      info_service_(new Info(this)) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(blob_service_.get());
  builder.RegisterService(dataset_service_.get());
  builder.RegisterService(job_service_.get());
  builder.RegisterService(info_service_.get());
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port);
}

FakeServer::~FakeServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

grpc::Status FakeServer::Begin(const std::string& method) {
  absl::MutexLock lock(&mutex_);
  ++calls_[method];
  if (failures_left_ == 0) return grpc::Status::OK;
  --failures_left_;
  return ToGrpcStatus(failure_);
}

bool FakeServer::MustBreak(int messages) {
  absl::MutexLock lock(&mutex_);
  if (breaks_left_ == 0 || messages < break_after_) return false;
  --breaks_left_;
  return true;
}

void FakeServer::FailNextCalls(int count, const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  failures_left_ = count;
  failure_ = status;
}

void FakeServer::BreakStreams(int after_messages, int times) {
  absl::MutexLock lock(&mutex_);
  break_after_ = after_messages;
  breaks_left_ = times;
}

void FakeServer::CorruptReads(bool corrupt) {
  absl::MutexLock lock(&mutex_);
  corrupt_reads_ = corrupt;
}

int FakeServer::calls(const std::string& method) {
  absl::MutexLock lock(&mutex_);
  return calls_[method];
}

int FakeServer::messages_received() {
  absl::MutexLock lock(&mutex_);
  return messages_received_;
}

v1::BlobRef FakeServer::AddBlob(const std::string& name,
                                const std::string& bytes) {
  v1::BlobRef blob;
  blob.set_sha256(Sha256Hex(bytes));
  blob.set_size_bytes(bytes.size());
  blob.set_file_name(name);
  absl::MutexLock lock(&mutex_);
  blobs_[blob.sha256()] = bytes;
  return blob;
}

bool FakeServer::HasBlob(const std::string& sha256) {
  absl::MutexLock lock(&mutex_);
  return blobs_.count(sha256) > 0;
}

v1::Dataset FakeServer::dataset(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  return datasets_[id].dataset;
}

std::vector<std::string> FakeServer::dataset_records(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  return datasets_[id].records;
}

void FakeServer::ScriptJob(const v1::Job& outcome,
                           std::vector<v1::JobEvent> events) {
  absl::MutexLock lock(&mutex_);
  script_.job = outcome;
  script_.events = std::move(events);
}

void FakeServer::AddJob(const v1::Job& job, std::vector<v1::JobEvent> events) {
  absl::MutexLock lock(&mutex_);
  StoredJob& stored = jobs_[job.id()];
  stored.job = job;
  stored.events = std::move(events);
  for (size_t i = 0; i < stored.events.size(); ++i) {
    stored.events[i].set_sequence(i + 1);
  }
  stored.job.set_last_sequence(stored.events.size());
}

void FakeServer::AddRecord(const std::string& job_id,
                           const v1::LayerRecord& record) {
  absl::MutexLock lock(&mutex_);
  jobs_[job_id].records.push_back(record);
}

void FakeServer::SetInfo(const v1::ServerInfo& info) {
  absl::MutexLock lock(&mutex_);
  info_ = info;
}

v1::CreateJobRequest FakeServer::last_create() {
  absl::MutexLock lock(&mutex_);
  return last_create_;
}

}  // namespace quantd::testing
