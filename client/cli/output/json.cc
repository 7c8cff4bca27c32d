#include "client/cli/output/json.h"

#include <ostream>
#include <string>

#include "google/protobuf/util/json_util.h"

namespace quantd {

void PrintJson(const google::protobuf::Message& message, std::ostream* out) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  // Fails only for Any and out-of-range times, which our messages lack.
  if (!google::protobuf::util::MessageToJsonString(message, &text, options)
           .ok()) {
    text = "{}";
  }
  *out << text << "\n" << std::flush;
}

}  // namespace quantd
