#include "engine/jobs/output_prefix.h"

#include "absl/strings/ascii.h"

namespace quantd {

std::string OutputPrefix(const std::string& name,
                         const std::string& prototxt_path) {
  if (!name.empty()) return name;
  std::string prefix = prototxt_path.substr(prototxt_path.rfind('/') + 1);
  prefix = prefix.substr(0, prefix.rfind('.'));
  for (char& c : prefix) {
    const bool legal =
        absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
    if (!legal) c = '_';
  }
  return prefix.empty() ? "model" : prefix.substr(0, 128);
}

}  // namespace quantd
