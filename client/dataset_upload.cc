#include "client/dataset_upload.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "client/call.h"
#include "client/datasets.h"
#include "client/open_records.h"
#include "client/resume.h"

namespace quantd {
namespace {

// Of keys and values in one message, unless a single part of a record has more.
constexpr int64_t kMessageBytes = int64_t{1} << 20;
// Of a value, which is cut into parts if it is larger.
constexpr size_t kPartBytes = size_t{2} << 20;
constexpr int kIdDigits = 40;

// `value` in `num_bytes` bytes, the lowest first.
std::string LittleEndian(uint64_t value, int num_bytes) {
  std::string bytes;
  for (int i = 0; i < num_bytes; ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i)));
  }
  return bytes;
}

void Tell(const TransferProgress& progress, int64_t done, int64_t total) {
  if (progress) progress(done, total);
}

// Ends the visit of the records when the server does not listen any more.
absl::Status StreamEnded() { return absl::AbortedError("stream ended"); }

// Collects records into messages of kMessageBytes and writes them.
class RecordWriter {
 public:
  RecordWriter(grpc::ClientWriter<v1::AppendRecordsRequest>* stream,
               const DatasetDigest& digest, const std::string& display_name,
               int64_t first, const TransferProgress& progress)
      : stream_(stream), digest_(digest), next_(first), progress_(progress) {
    request_.set_id(digest.id);
    request_.set_display_name(display_name);
    request_.set_first_index(first);
  }

  absl::Status Add(absl::string_view key, absl::string_view value) {
    while (value.size() > kPartBytes) {
      RETURN_IF_ERROR(AddPart(key, value.substr(0, kPartBytes), true));
      value.remove_prefix(kPartBytes);
      key = "";  // Of further parts.
    }
    RETURN_IF_ERROR(AddPart(key, value, false));
    ++next_;
    return absl::OkStatus();
  }

  absl::Status Finish() {
    request_.set_finish(true);
    request_.set_sha256(digest_.sha256);
    return Flush();
  }

 private:
  absl::Status AddPart(absl::string_view key, absl::string_view value,
                       bool continued) {
    const int64_t bytes = key.size() + value.size();
    if (bytes_ > 0 && bytes_ + bytes > kMessageBytes) RETURN_IF_ERROR(Flush());
    v1::DatasetRecord* record = request_.add_records();
    record->set_key(std::string(key));
    record->set_value(std::string(value));
    record->set_continued(continued);
    bytes_ += bytes;
    return absl::OkStatus();
  }

  absl::Status Flush() {
    if (!stream_->Write(request_)) return StreamEnded();
    Tell(progress_, next_, digest_.num_records);
    request_.Clear();
    request_.set_first_index(next_);
    bytes_ = 0;
    return absl::OkStatus();
  }

  grpc::ClientWriter<v1::AppendRecordsRequest>* const stream_;
  const DatasetDigest& digest_;
  v1::AppendRecordsRequest request_;
  int64_t bytes_ = 0;
  int64_t next_;
  const TransferProgress& progress_;
};

}  // namespace

absl::StatusOr<DatasetDigest> DigestRecords(const RecordSource& records,
                                            int64_t num_records,
                                            const TransferProgress& progress,
                                            CancelToken* cancel) {
  DatasetDigest digest;
  Sha256 hash;
  const int64_t total = std::min(num_records, records.num_records());
  RETURN_IF_ERROR(records.ForEach(
      0, total,
      [&](absl::string_view key, absl::string_view value) -> absl::Status {
        if (cancel != nullptr && cancel->cancelled()) {
          return absl::CancelledError("cancelled while reading records");
        }
        hash.Update(LittleEndian(key.size(), 4));
        hash.Update(key);
        hash.Update(LittleEndian(value.size(), 8));
        hash.Update(value);
        ++digest.num_records;
        digest.size_bytes += value.size();
        Tell(progress, digest.num_records, total);
        return absl::OkStatus();
      }));
  digest.sha256 = hash.Hex();
  digest.id = absl::StrCat("ds-", digest.sha256.substr(0, kIdDigits));
  return digest;
}

DatasetUpload::DatasetUpload(Client* client)
    : client_(client), stub_(v1::DatasetService::NewStub(client->channel())) {}

absl::StatusOr<v1::Dataset> DatasetUpload::Find(const std::string& id) {
  absl::StatusOr<v1::Dataset> dataset = Datasets(client_).Get(id);
  if (absl::IsNotFound(dataset.status())) return v1::Dataset();
  return dataset;
}

absl::StatusOr<v1::Dataset> DatasetUpload::AppendFrom(
    int64_t first, const RecordSource& records, const DatasetDigest& digest,
    const Options& options) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(client_->options().deadline));
  CancelScope scope(client_->options().cancel, &context);
  v1::Dataset dataset;
  auto stream = stub_->AppendRecords(&context, &dataset);
  RecordWriter writer(stream.get(), digest, options.display_name, first,
                      options.upload_progress);
  absl::Status read =
      records.ForEach(first, digest.num_records,
                      [&](absl::string_view key, absl::string_view value) {
                        return writer.Add(key, value);
                      });
  if (read.ok()) read = writer.Finish();
  if (!read.ok() && !absl::IsAborted(read)) {
    context.TryCancel();
    stream->Finish();
    return read;
  }
  // A stream that the server ended says why in Finish().
  stream->WritesDone();
  RETURN_IF_ERROR(FromGrpcStatus(stream->Finish()));
  return dataset;
}

absl::StatusOr<v1::Dataset> DatasetUpload::Upload(
    const std::vector<std::string>& data, const Options& options) {
  ASSIGN_OR_RETURN(const auto records, OpenRecords(data));
  const std::string& path = records->path();
  Options effective = options;
  if (effective.display_name.empty()) {
    effective.display_name =
        records->path().substr(records->path().rfind('/') + 1);
  }
  const int64_t num_records =
      options.max_records > 0 ? options.max_records : records->num_records();
  ASSIGN_OR_RETURN(const DatasetDigest digest,
                   DigestRecords(*records, num_records, options.digest_progress,
                                 client_->options().cancel));
  v1::Dataset dataset;
  const auto position = [&]() -> absl::StatusOr<TransferPosition> {
    ASSIGN_OR_RETURN(dataset, Find(digest.id));
    return TransferPosition{dataset.num_records(), dataset.complete()};
  };
  const absl::Status status = ResumeUntilDone(
      client_->options().cancel, position, [&](int64_t first) -> absl::Status {
        ASSIGN_OR_RETURN(dataset,
                         AppendFrom(first, *records, digest, effective));
        return absl::OkStatus();
      });
  RETURN_IF_ERROR(Annotate(status, absl::StrCat("upload of ", path, ": "),
                           {{"file", path}}));
  Tell(options.upload_progress, digest.num_records, digest.num_records);
  return dataset;
}

}  // namespace quantd
