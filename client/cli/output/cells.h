// Values as cells of tables.
#ifndef QUANTD_CLIENT_CLI_OUTPUT_CELLS_H_
#define QUANTD_CLIENT_CLI_OUTPUT_CELLS_H_

#include <string>

#include "absl/strings/str_format.h"
#include "client/cli/output/format.h"
#include "client/cli/output/table.h"

namespace quantd {

// For scripts.
inline std::string PlainNumber(double value) {
  return absl::StrFormat("%.9g", value);
}

// "94.65 %"; for scripts 0.9465.
inline Cell ShareCell(double share) {
  return Cell(FormatShare(share), PlainNumber(share));
}

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_OUTPUT_CELLS_H_
