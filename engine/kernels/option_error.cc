#include "engine/kernels/option_error.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {

absl::Status OptionOutOfRange(const std::string& message,
                              const std::string& option, double value,
                              const std::string& allowed) {
  return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
               absl::StrCat(message, ": ", option, " is ", value,
                            ", allowed is ", allowed),
               {{"option", option},
                {"value", absl::StrCat(value)},
                {"allowed", allowed}});
}

}  // namespace quantd
