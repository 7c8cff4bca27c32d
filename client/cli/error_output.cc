#include "client/cli/error_output.h"

#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "nlohmann/json.hpp"

namespace quantd {
namespace {

// Advice where the message itself has none.
std::string UsualAdvice(const absl::Status& status,
                        const std::string& address) {
  const std::string reason = ErrorReason(status);
  if (reason == "JOB_NOT_FOUND") {
    return "`quantctl job list` shows the jobs of this server";
  }
  if (reason == "CANCELLED_BY_USER") return "submit the job again to run it";
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return absl::StrCat("is quantd running at ", address,
                          "? start it, give --address, or use --local");
    case absl::StatusCode::kDeadlineExceeded:
      return "give a longer --timeout";
    case absl::StatusCode::kUnauthenticated:
      return "give --cert and --key that the server accepts";
    case absl::StatusCode::kPermissionDenied:
      return "ask the server's administrator for this permission";
    case absl::StatusCode::kResourceExhausted:
      return "try again later, or ask the server's administrator";
    case absl::StatusCode::kNotFound:
      return "check the name";
    case absl::StatusCode::kUnimplemented:
      return "client and server may differ in version: see `quantctl version`";
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return "correct the input and submit again";
    default:
      return "the server's log says more; report it if it happens again";
  }
}

// "file f, layer l, field x", of what `message` does not say.
std::string Place(const ErrorMetadata& metadata, absl::string_view message) {
  std::string place;
  for (const char* key : {"file", "line", "column", "layer", "blob", "field"}) {
    const auto found = metadata.find(key);
    if (found == metadata.end() || found->second.empty() ||
        absl::StrContains(message, found->second)) {
      continue;
    }
    absl::StrAppend(&place, place.empty() ? "" : ", ", key, " ", found->second);
  }
  return place;
}

void PrintJson(const absl::Status& status, std::ostream* err) {
  nlohmann::ordered_json json;
  json["code"] = absl::StatusCodeToString(status.code());
  json["reason"] = ErrorReason(status);
  json["message"] = std::string(status.message());
  json["details"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : GetErrorMetadata(status)) {
    json["details"][key] = value;
  }
  *err << json.dump(-1, ' ', false,
                    nlohmann::ordered_json::error_handler_t::replace)
       << "\n";
}

}  // namespace

void PrintError(const absl::Status& status, const ErrorOutputOptions& options,
                std::ostream* err) {
  if (options.json) return PrintJson(status, err);
  const std::string message(status.message());
  std::string what = message;
  std::string advice;
  // Only our own messages are made that way; gRPC's may have a "; " too.
  const size_t at =
      ErrorReason(status).empty() ? std::string::npos : message.rfind("; ");
  if (at != std::string::npos) {
    what = message.substr(0, at);
    advice = message.substr(at + 2);
  }
  if (advice.empty()) advice = UsualAdvice(status, options.address);
  if (what.empty()) what = absl::StatusCodeToString(status.code());
  const std::string place = Place(GetErrorMetadata(status), message);
  *err << (options.color ? "\033[1;31merror:\033[0m " : "error: ") << what
       << (place.empty() ? "" : ": ") << place << "\n"
       << advice << "\n";
}

}  // namespace quantd
