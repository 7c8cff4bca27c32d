// How an error reaches the user: what is wrong, where, and what to do.
#ifndef QUANTD_CLIENT_CLI_ERROR_OUTPUT_H_
#define QUANTD_CLIENT_CLI_ERROR_OUTPUT_H_

#include <iosfwd>
#include <string>

#include "absl/status/status.h"

namespace quantd {

struct ErrorOutputOptions {
  bool json = false;
  bool color = false;
  // Of the server, for the advice after UNAVAILABLE.
  std::string address;
};

// As text:
//   error: <what>: file <f>, layer <l>, field <x>
//   <what to do>
// where the place lists only what the message itself does not say, and the
// advice is what follows the last "; " of a message with a reason, or the usual
// one for the reason or code. As JSON one object in one line: code, reason,
// message, details.
void PrintError(const absl::Status& status, const ErrorOutputOptions& options,
                std::ostream* err);

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_ERROR_OUTPUT_H_
