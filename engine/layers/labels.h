// Class labels as Caffe passes them: whole numbers in a float blob.
#ifndef QUANTD_ENGINE_LAYERS_LABELS_H_
#define QUANTD_ENGINE_LAYERS_LABELS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/core/shape.h"

namespace quantd {

// Scores seen as (outer, classes, inner) around `axis`, with one label a
// position (outer, inner).
struct ClassAxis {
  int64_t outer = 0;
  int64_t classes = 0;
  int64_t inner = 0;
};

// Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID for an axis that `scores` does
// not have, no classes, or another number of labels than positions.
absl::StatusOr<ClassAxis> MakeClassAxis(const Shape& scores,
                                        const Shape& labels, int axis);

// The class of `label`. Errors: INVALID_ARGUMENT, LABEL_OUT_OF_RANGE if it is
// not in [0, classes); fractions are cut off, as in Caffe.
absl::StatusOr<int64_t> ClassOf(float label, int64_t classes);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_LABELS_H_
