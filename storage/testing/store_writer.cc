// Writes to a store until it is killed, and notes outside the store, one synced
// line each, what the store acknowledged. crash_test.cc compares.
//
//   store_writer DATA_DIR ACK_FILE FIRST COUNT
//   store_writer --list    the failpoints in this program
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/failpoints.h"
#include "base/file_system.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "storage/store.h"

namespace quantd::storage {
namespace {

class Writer {
 public:
  Writer(Store* store, AppendFile* acks) : store_(store), acks_(acks) {}

  absl::Status Round(int64_t i) {
    RETURN_IF_ERROR(RunJob(i));
    RETURN_IF_ERROR(WriteBlob(i));
    RETURN_IF_ERROR(WriteDataset(i));
    if (i % 4 != 3) return absl::OkStatus();
    const std::string id = absl::StrCat("j-job", i);
    RETURN_IF_ERROR(Ack("deleting", id));
    RETURN_IF_ERROR(store_->jobs()->Delete(id));
    return Ack("deleted", id);
  }

 private:
  absl::Status Ack(const std::string& what, const std::string& name) {
    RETURN_IF_ERROR(acks_->Append(absl::StrCat(what, " ", name, "\n")));
    return acks_->Sync();
  }

  absl::Status RunJob(int64_t i) {
    v1::Job job;
    job.set_id(absl::StrCat("j-job", i));
    job.set_state(v1::JOB_STATE_QUEUED);
    const std::string request = absl::StrCat("request-", i);
    v1::JobEvent event;
    event.set_state(v1::JOB_STATE_QUEUED);
    ASSIGN_OR_RETURN(const auto created,
                     store_->jobs()->Create(job, request, "digest", {event}));
    const std::string id = created.row.job().id();
    RETURN_IF_ERROR(Ack("created", absl::StrCat(id, " ", request)));
    ASSIGN_OR_RETURN(const int64_t token, store_->jobs()->NextToken());
    RETURN_IF_ERROR(Ack("token", absl::StrCat(token)));
    RETURN_IF_ERROR(store_->jobs()
                        ->UpdateIf(id, JobStore::kAnyToken,
                                   [&](JobChange* change) {
                                     event.set_log("progress");
                                     change->events = {event, event};
                                     change->sync = false;
                                     return absl::OkStatus();
                                   })
                        .status());
    RETURN_IF_ERROR(store_->jobs()
                        ->UpdateIf(id, JobStore::kAnyToken,
                                   [&](JobChange* change) {
                                     change->row.mutable_job()->set_state(
                                         v1::JOB_STATE_SUCCEEDED);
                                     event.set_state(v1::JOB_STATE_SUCCEEDED);
                                     change->events = {event};
                                     change->records.emplace(3);
                                     return absl::OkStatus();
                                   })
                        .status());
    return Ack("succeeded", id);
  }

  absl::Status WriteBlob(int64_t i) {
    const std::string bytes(3000 + i, static_cast<char>('a' + i % 26));
    v1::BlobRef ref;
    ref.set_sha256(Sha256Hex(bytes));
    ref.set_size_bytes(static_cast<int64_t>(bytes.size()));
    ASSIGN_OR_RETURN(const auto upload,
                     store_->blobs()->OpenUpload(ref, "upload"));
    for (int64_t at = upload->committed_size(); at < ref.size_bytes();
         at = upload->committed_size()) {
      RETURN_IF_ERROR(upload->Append(at, bytes.substr(at, 1000)));
    }
    RETURN_IF_ERROR(upload->Finish());
    return Ack("blob", absl::StrCat(ref.sha256(), " ", ref.size_bytes()));
  }

  absl::Status WriteDataset(int64_t i) {
    DatasetWriter::Records records;
    records.Add()->set_key(absl::StrCat("key", i));
    records[0].set_value("value");
    const std::string& key = records[0].key();
    Sha256 hash;
    hash.Update(std::string{static_cast<char>(key.size()), 0, 0, 0});
    hash.Update(key);
    hash.Update(std::string{5, 0, 0, 0, 0, 0, 0, 0});
    hash.Update("value");
    ASSIGN_OR_RETURN(const std::string id,
                     DatasetStore::IdForDigest(hash.Hex()));
    ASSIGN_OR_RETURN(const auto writer, store_->datasets()->OpenWriter(id, ""));
    if (writer->num_records() == 0) {
      RETURN_IF_ERROR(writer->Append(0, records));
    }
    RETURN_IF_ERROR(writer->Finish(hash.Hex()).status());
    return Ack("dataset", id);
  }

  Store* const store_;
  AppendFile* const acks_;
};

absl::Status Run(const std::string& data_dir, const std::string& ack_path,
                 int64_t first, int64_t count) {
  ASSIGN_OR_RETURN(const auto acks, FileSystem::Posix()->OpenAppend(ack_path));
  Store::Options options;
  options.data_dir = data_dir;
  ASSIGN_OR_RETURN(const auto store, Store::Open(options));
  Writer writer(store.get(), acks.get());
  for (int64_t i = first; i < first + count; ++i) {
    RETURN_IF_ERROR(writer.Round(i));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace quantd::storage

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--list") {
    for (const std::string& name : quantd::ListFailpoints()) {
      std::printf("%s\n", name.c_str());
    }
    return 0;
  }
  int64_t first = 0;
  int64_t count = 0;
  if (argc != 5 || !absl::SimpleAtoi(argv[3], &first) ||
      !absl::SimpleAtoi(argv[4], &count)) {
    return 2;
  }
  const absl::Status status =
      quantd::storage::Run(argv[1], argv[2], first, count);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
