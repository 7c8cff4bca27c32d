#include "engine/layers/channel_broadcast.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/layers/checks.h"

namespace quantd {
namespace {

absl::StatusOr<ChannelBroadcast> OfAxes(const Shape& bottom, int begin,
                                        int end) {
  ChannelBroadcast b;
  ASSIGN_OR_RETURN(b.shape, Shape::Create({bottom.dims().begin() + begin,
                                           bottom.dims().begin() + end}));
  b.outer = bottom.Count(0, begin);
  b.dim = bottom.Count(begin, end);
  b.inner = bottom.Count(end);
  return b;
}

}  // namespace

absl::StatusOr<ChannelBroadcast> ChannelBroadcast::OfBlob(
    const Shape& bottom, int axis, int num_axes, const std::string& field) {
  ASSIGN_OR_RETURN(const int begin, bottom.CanonicalAxis(axis));
  if (num_axes < -1 || num_axes > bottom.num_axes() - begin) {
    return FieldError(
        absl::StrCat(field, ".num_axes"),
        absl::StrCat("is ", num_axes, "; a bottom of shape ", bottom.ToString(),
                     " has ", bottom.num_axes() - begin, " axes from axis ",
                     begin, " on"));
  }
  return OfAxes(bottom, begin,
                num_axes == -1 ? bottom.num_axes() : begin + num_axes);
}

absl::StatusOr<ChannelBroadcast> ChannelBroadcast::OfBottom(const Shape& bottom,
                                                            const Shape& small,
                                                            int axis) {
  int begin = 0;
  if (small.num_axes() > 0) {
    ASSIGN_OR_RETURN(begin, bottom.CanonicalAxis(axis));
  }
  const int end = begin + small.num_axes();
  const absl::Status mismatch = BottomError(absl::StrCat(
      "bottom 1 of shape ", small.ToString(), " is not the part of bottom 0 (",
      bottom.ToString(), ") that begins at axis ", begin));
  if (end > bottom.num_axes()) return mismatch;
  ASSIGN_OR_RETURN(ChannelBroadcast b, OfAxes(bottom, begin, end));
  if (b.shape != small) return mismatch;
  return b;
}

absl::StatusOr<ChannelBroadcast> ChannelBroadcast::OfBottoms(
    absl::Span<const Shape> bottoms, int axis, int num_axes,
    const std::string& field) {
  return bottoms.size() > 1 ? OfBottom(bottoms[0], bottoms[1], axis)
                            : OfBlob(bottoms[0], axis, num_axes, field);
}

absl::Status ChannelBroadcast::CheckBlob(const Shape& blob,
                                         absl::string_view what) const {
  if (shape == blob) return absl::OkStatus();
  return BottomError(absl::StrCat("the axes that are ", what,
                                  " changed their size from ", blob.ToString(),
                                  " to ", shape.ToString()));
}

void ChannelBroadcast::Apply(const float* x, const float* scale,
                             const float* bias, float* y) const {
  if (inner == 1) {
#pragma omp parallel for
    for (int64_t o = 0; o < outer; ++o) {
      const float* from = x + o * dim;
      float* to = y + o * dim;
      for (int64_t d = 0; d < dim; ++d) {
        to[d] = from[d] * (scale ? scale[d] : 1) + (bias ? bias[d] : 0);
      }
    }
    return;
  }
#pragma omp parallel for
  for (int64_t row = 0; row < outer * dim; ++row) {
    const float s = scale ? scale[row % dim] : 1;
    const float b = bias ? bias[row % dim] : 0;
    const float* from = x + row * inner;
    float* to = y + row * inner;
    for (int64_t i = 0; i < inner; ++i) to[i] = from[i] * s + b;
  }
}

void ChannelBroadcast::AddSums(const float* dy, const float* x,
                               float* sums) const {
  if (inner == 1) {
    for (int64_t o = 0; o < outer; ++o) {
      const int64_t row = o * dim;
      for (int64_t d = 0; d < dim; ++d) {
        sums[d] += dy[row + d] * (x ? x[row + d] : 1);
      }
    }
    return;
  }
#pragma omp parallel for
  for (int64_t d = 0; d < dim; ++d) {
    double sum = 0;
    for (int64_t o = 0; o < outer; ++o) {
      const int64_t begin = (o * dim + d) * inner;
      for (int64_t i = begin; i < begin + inner; ++i) {
        sum += dy[i] * (x ? x[i] : 1);
      }
    }
    sums[d] += static_cast<float>(sum);
  }
}

void ChannelBroadcast::WriteSums(const float* dy, const float* x,
                                 float* sums) const {
  std::fill_n(sums, dim, 0.0f);
  AddSums(dy, x, sums);
}

}  // namespace quantd
