#include "engine/jobs/pretty_json.h"

#include "google/protobuf/util/json_util.h"

namespace quantd {

absl::StatusOr<std::string> PrettyJson(
    const google::protobuf::Message& result) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status =
      google::protobuf::util::MessageToJsonString(result, &json, options);
  if (!status.ok()) return absl::InternalError(status.ToString());
  return json;
}

}  // namespace quantd
