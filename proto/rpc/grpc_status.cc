#include "proto/rpc/grpc_status.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "proto/google/rpc/error_details.pb.h"
#include "proto/google/rpc/status.pb.h"

namespace quantd {
namespace {

constexpr size_t kMaxMessageBytes = 2048;
constexpr size_t kMaxDetailsBytes = 4000;
constexpr size_t kMaxValueBytes = 512;

// Whether `text` is UTF-8, roughly: lead and continuation bytes fit together.
bool IsUtf8(absl::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const unsigned char lead = text[i];
    size_t more = 0;
    if (lead >= 0xC2 && lead <= 0xDF) more = 1;
    if (lead >= 0xE0 && lead <= 0xEF) more = 2;
    if (lead >= 0xF0 && lead <= 0xF4) more = 3;
    if (lead >= 0x80 && more == 0) return false;
    if (i + more >= text.size()) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) {
        return false;
      }
    }
    i += more + 1;
  }
  return true;
}

// `text` as valid UTF-8 of at most `max_bytes` (and the mark of a cut).
std::string Clean(absl::string_view text, size_t max_bytes) {
  std::string clean = IsUtf8(text) ? std::string(text) : absl::CHexEscape(text);
  if (clean.size() <= max_bytes) return clean;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) {
    --end;
  }
  return absl::StrCat(clean.substr(0, end), "...");
}

google::rpc::ErrorInfo MakeErrorInfo(const absl::Status& status) {
  google::rpc::ErrorInfo error_info;
  error_info.set_reason(ErrorReason(status));
  error_info.set_domain(kErrorDomain);
  size_t bytes = 0;
  for (const auto& [key, value] : GetErrorMetadata(status)) {
    std::string text = Clean(value, kMaxValueBytes);
    bytes += key.size() + text.size() + 8;
    if (bytes > kMaxDetailsBytes - kMaxMessageBytes - 256) break;
    (*error_info.mutable_metadata())[key] = std::move(text);
  }
  return error_info;
}

bool WorthRetrying(const absl::Status& status) {
  return absl::IsUnavailable(status) || ErrorReason(status) == "QUEUE_FULL";
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Clean(status.message(), kMaxMessageBytes);
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (ErrorReason(status).empty()) return grpc::Status(code, message);
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  details.add_details()->PackFrom(MakeErrorInfo(status));
  if (WorthRetrying(status)) {
    google::rpc::RetryInfo retry_info;
    retry_info.mutable_retry_delay()->set_seconds(1);
    details.add_details()->PackFrom(retry_info);
  }
  return grpc::Status(code, message, details.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  auto code = static_cast<absl::StatusCode>(status.error_code());
  if (status.error_code() < 0 || status.error_code() > 16) {
    code = absl::StatusCode::kUnknown;
  }
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      google::rpc::ErrorInfo error_info;
      if (!detail.UnpackTo(&error_info)) continue;
      return Error(code, error_info.reason(), status.error_message(),
                   ErrorMetadata(error_info.metadata().begin(),
                                 error_info.metadata().end()));
    }
  }
  return absl::Status(code, status.error_message());
}

}  // namespace quantd
