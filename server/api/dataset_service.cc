#include "server/api/dataset_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "server/api/call.h"
#include "server/api/upload_call.h"

namespace quantd::api {
namespace {

// Puts values together that come in several parts.
class RecordJoiner {
 public:
  // True in the middle of a record.
  bool is_open() const { return open_.continued(); }

  // The records that `parts` complete.
  // Errors: INVALID_ARGUMENT, OPTION_CONFLICT for a further part with a key;
  // RESOURCE_EXHAUSTED, QUOTA_EXCEEDED for a value above the limit.
  absl::StatusOr<storage::DatasetWriter::Records> Join(
      const storage::DatasetWriter::Records& parts) {
    storage::DatasetWriter::Records records;
    for (const v1::DatasetRecord& part : parts) {
      RETURN_IF_ERROR(Add(part));
      if (is_open()) continue;
      records.Add()->Swap(&open_);
      open_.Clear();
    }
    return records;
  }

 private:
  absl::Status Add(const v1::DatasetRecord& part) {
    if (!is_open()) {
      open_ = part;
      return absl::OkStatus();
    }
    if (!part.key().empty()) {
      return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                   absl::StrCat("record \"", absl::CHexEscape(open_.key()),
                                "\" goes on in one that has a key; leave it "
                                "out"),
                   {{"options", "key"}});
    }
    const int64_t limit = Limits().max_sample_bytes;
    const auto size =
        static_cast<int64_t>(open_.value().size() + part.value().size());
    if (size > limit) {
      return Error(
          absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
          absl::StrCat("record_bytes: ", size, " asked for, limit ", limit),
          {{"quota", "record_bytes"}, {"limit", absl::StrCat(limit)}});
    }
    open_.mutable_value()->append(part.value());
    open_.set_continued(part.continued());
    return absl::OkStatus();
  }

  v1::DatasetRecord open_;
};

class AppendCall final : public UploadCall<v1::AppendRecordsRequest> {
 public:
  AppendCall(const Context& context, grpc::CallbackServerContext* grpc,
             v1::Dataset* response)
      : UploadCall(context, grpc, "DatasetService/AppendRecords"),
        response_(response) {}

 protected:
  absl::StatusOr<bool> OnMessage(
      const v1::AppendRecordsRequest& request) override {
    RETURN_IF_ERROR(Open(request));
    if (!writer_->complete()) {
      if (request.records_size() > 0) {
        ASSIGN_OR_RETURN(const storage::DatasetWriter::Records records,
                         joiner_.Join(request.records()));
        RETURN_IF_ERROR(writer_->Append(request.first_index(), records));
        context().metrics->CountUploadBytes(
            static_cast<int64_t>(request.ByteSizeLong()));
      }
      if (request.finish() && joiner_.is_open()) {
        return Error(absl::StatusCode::kInvalidArgument, "FIELD_REQUIRED",
                     "the last record goes on in another, which is missing",
                     {{"field", "records"}});
      }
      if (request.finish()) {
        RETURN_IF_ERROR(writer_->Finish(request.sha256()).status());
      }
    }
    *response_ = writer_->dataset();
    return writer_->complete();
  }

  absl::Status OnHalfClose() override { return absl::OkStatus(); }

  // The client may resume at once.
  void OnEnd(const absl::Status&) override { writer_.reset(); }

 private:
  absl::Status Open(const v1::AppendRecordsRequest& request) {
    if (writer_ == nullptr) {
      ASSIGN_OR_RETURN(writer_, context().store->datasets()->OpenWriter(
                                    request.id(), request.display_name()));
      return absl::OkStatus();
    }
    if (request.id().empty() || request.id() == writer_->dataset().id()) {
      return absl::OkStatus();
    }
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
                 "an upload stream may not change its data set; start another "
                 "call",
                 {{"options", "id"}});
  }

  v1::Dataset* const response_;
  RecordJoiner joiner_;
  std::unique_ptr<storage::DatasetWriter> writer_;
};

}  // namespace

grpc::ServerReadReactor<v1::AppendRecordsRequest>*
DatasetService::AppendRecords(grpc::CallbackServerContext* grpc,
                              v1::Dataset* response) {
  return new AppendCall(context_, grpc, response);
}

grpc::ServerUnaryReactor* DatasetService::GetDataset(
    grpc::CallbackServerContext* grpc, const v1::GetDatasetRequest* request,
    v1::Dataset* response) {
  return new UnaryCall(context_, grpc, "DatasetService/GetDataset",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(
                             *response,
                             context_.store->datasets()->Get(request->id()));
                         return absl::OkStatus();
                       });
}

grpc::ServerUnaryReactor* DatasetService::ListDatasets(
    grpc::CallbackServerContext* grpc, const v1::ListDatasetsRequest* request,
    v1::ListDatasetsResponse* response) {
  return new UnaryCall(context_, grpc, "DatasetService/ListDatasets",
                       [this, request, response]() -> absl::Status {
                         ASSIGN_OR_RETURN(
                             storage::DatasetStore::Page page,
                             context_.store->datasets()->List(
                                 request->page_size(), request->page_token()));
                         for (v1::Dataset& dataset : page.datasets) {
                           *response->add_datasets() = std::move(dataset);
                         }
                         response->set_next_page_token(page.next_page_token);
                         return absl::OkStatus();
                       });
}

}  // namespace quantd::api
