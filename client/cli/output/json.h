// Public messages as protobuf JSON, one object a line.
#ifndef QUANTD_CLIENT_CLI_OUTPUT_JSON_H_
#define QUANTD_CLIENT_CLI_OUTPUT_JSON_H_

#include <iosfwd>

#include "google/protobuf/message.h"

namespace quantd {

// Zero values are printed, 64-bit integers are strings, names are lowerCamel.
void PrintJson(const google::protobuf::Message& message, std::ostream* out);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_OUTPUT_JSON_H_
