// Labelled images of this machine, as records that a data set of the server is
// made of.
#ifndef QUANTD_CLIENT_RECORD_SOURCE_H_
#define QUANTD_CLIENT_RECORD_SOURCE_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace quantd {

// Records in ascending order of their keys; a value is a serialised
// caffe.Datum. The same files give the same records every time.
//
// Threads: safe.
class RecordSource {
 public:
  // Gets one record; an error ends the iteration.
  using Visitor = absl::FunctionRef<absl::Status(absl::string_view key,
                                                 absl::string_view value)>;

  virtual ~RecordSource() = default;

  // For messages.
  virtual const std::string& path() const = 0;
  // At least 1.
  virtual int64_t num_records() const = 0;

  // Visits records `first` .. `end` - 1; `end` is clipped to num_records(). Key
  // and value are valid only during the visit.
  // Errors: of reading, which name the file; the visitor's.
  virtual absl::Status ForEach(int64_t first, int64_t end,
                               Visitor visitor) const = 0;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_RECORD_SOURCE_H_
