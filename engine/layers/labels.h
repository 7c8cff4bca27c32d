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

  int64_t num_positions() const { return outer * inner; }
  // Where the score of `class_index` at `position` is.
  int64_t IndexOf(int64_t position, int64_t class_index) const {
    return (position / inner * classes + class_index) * inner +
           position % inner;
  }
};

// Errors: INVALID_ARGUMENT, LAYER_SHAPE_INVALID for an axis that `scores` does
// not have, no classes, or another number of labels than positions.
absl::StatusOr<ClassAxis> MakeClassAxis(const Shape& scores,
                                        const Shape& labels, int axis);

// As MakeClassAxis() with all axes after the first seen as one of classes: one
// label an item.
absl::StatusOr<ClassAxis> MakeItemClasses(const Shape& scores,
                                          const Shape& labels);

// The class of `label`. Errors: INVALID_ARGUMENT, LABEL_OUT_OF_RANGE if it is
// not in [0, classes); fractions are cut off, as in Caffe.
absl::StatusOr<int64_t> ClassOf(float label, int64_t classes);

// True if `value` is the label `label`, such as ignore_label; fractions are cut
// off, as in Caffe.
bool IsLabel(float value, int label);

}  // namespace quantd

#endif  // QUANTD_ENGINE_LAYERS_LABELS_H_
