#include "engine/layers/loss_layer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/layers/checks.h"
#include "engine/layers/labels.h"

namespace quantd {

absl::Status LossLayer::SetUp(absl::Span<const Shape> bottoms, int num_tops) {
  return CheckArity(bottoms, {2, 2}, num_tops, {1, 1});
}

bool LossLayer::IsIgnored(float label) const {
  const caffe::LossParameter& loss = param().loss_param();
  return loss.has_ignore_label() && IsLabel(label, loss.ignore_label());
}

double LossLayer::Divisor(const Positions& positions,
                          Normalization absent) const {
  const caffe::LossParameter& loss = param().loss_param();
  Normalization mode = absent;
  if (loss.has_normalization()) {
    mode = loss.normalization();
  } else if (loss.has_normalize()) {
    mode = loss.normalize() ? caffe::LossParameter::VALID
                            : caffe::LossParameter::BATCH_SIZE;
  }
  int64_t divisor = 1;
  switch (mode) {
    case caffe::LossParameter::FULL:
      divisor = positions.outer * positions.inner;
      break;
    case caffe::LossParameter::VALID:
      divisor = positions.num_valid;
      break;
    case caffe::LossParameter::BATCH_SIZE:
      divisor = positions.outer;
      break;
    case caffe::LossParameter::NONE:
      break;
  }
  return static_cast<double>(std::max(divisor, int64_t{1}));
}

absl::Status CheckSameItems(const Shape& a, const Shape& b) {
  if (a.num_axes() > 0 && b.num_axes() > 0 && a[0] == b[0] &&
      a.Count(1) == b.Count(1)) {
    return absl::OkStatus();
  }
  return BottomError(absl::StrCat(
      "bottoms 0 (", a.ToString(), ") and 1 (", b.ToString(),
      ") must have the same number of items, with as many values each"));
}

}  // namespace quantd
