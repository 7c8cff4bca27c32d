#include "base/error.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace quantd {
namespace {

constexpr char kReasonUrl[] = "quantd/reason";
constexpr char kMetadataUrl[] = "quantd/metadata";

void SetMetadata(const ErrorMetadata& metadata, absl::Status* status) {
  if (metadata.empty()) return;
  const auto replace = nlohmann::json::error_handler_t::replace;
  status->SetPayload(kMetadataUrl, absl::Cord(nlohmann::json(metadata).dump(
                                       -1, ' ', false, replace)));
}

}  // namespace

absl::Status Error(absl::StatusCode code, absl::string_view reason,
                   absl::string_view message, ErrorMetadata metadata) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  SetMetadata(metadata, &status);
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

ErrorMetadata GetErrorMetadata(const absl::Status& status) {
  const auto payload = status.GetPayload(kMetadataUrl);
  if (!payload.has_value()) return {};
  const auto parsed =
      nlohmann::json::parse(std::string(*payload), nullptr, false);
  if (!parsed.is_object()) return {};
  ErrorMetadata metadata;
  for (const auto& [key, value] : parsed.items()) {
    if (value.is_string()) metadata[key] = value.get<std::string>();
  }
  return metadata;
}

absl::Status Annotate(const absl::Status& status, absl::string_view prefix,
                      const ErrorMetadata& more) {
  if (status.ok()) return status;
  absl::Status result(status.code(), absl::StrCat(prefix, status.message()));
  status.ForEachPayload(
      [&result](absl::string_view url, const absl::Cord& payload) {
        result.SetPayload(url, payload);
      });
  ErrorMetadata metadata = GetErrorMetadata(status);
  metadata.insert(more.begin(), more.end());
  SetMetadata(metadata, &result);
  return result;
}

}  // namespace quantd
