// The axis of Concat and Slice, which has two fields.
#ifndef QUANTD_ENGINE_LAYERS_OLD_AXIS_H_
#define QUANTD_ENGINE_LAYERS_OLD_AXIS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"

namespace quantd {

// `axis`, or its old form, which is unsigned: it does not count from the end.
struct OldAxis {
  std::string message;   // "concat_param".
  std::string old_name;  // "concat_dim".
  bool has_axis, has_old;
  int64_t axis, old;

  // Errors: INVALID_ARGUMENT if both are given.
  absl::Status Check() const;

  // The axis of `bottom` that is meant. Errors: as CanonicalAxis().
  absl::StatusOr<int> Of(const Shape& bottom) const;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_OLD_AXIS_H_
